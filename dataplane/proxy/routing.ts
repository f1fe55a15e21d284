import type { Client } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { RequestHead } from '#dataplane/http/message.ts';
import type { RoutedListener, RoutedRule } from '#dataplane/route/router.ts';
import type { HttpPort, Rule, ServedListener } from '#dataplane/runtime.ts';

/** The rule for the request at its listener, or why there is none. */
export function ruleFor(
  request: RequestHead,
  routed: RoutedListener<ServedListener, Rule>,
  now: () => number,
): RoutedRule<Rule> | Failure {
  try {
    return routed.match(request, now) ?? noRoute;
  } catch (error) {
    // one request that matching cannot bear must not take all others with it
    return { kind: 'FilterBroke', detail: `matching: ${String(error)}` };
  }
}

/**
 * Whether the request belongs elsewhere: the Host's listener must be the one that the server name chose, its
 * certificate and its policies (GEP-3567). And a connection from before its port changed between HTTP and HTTPS
 * serves nothing of what the port is now.
 */
export function isMisdirected(
  { tls, router }: HttpPort,
  routed: RoutedListener<ServedListener, Rule>,
  { serverName, secure }: Client,
): boolean {
  if (secure !== (tls !== null)) return true;
  if (!secure) return false;
  const chosen = router.listenerFor(serverName ?? '');
  return chosen === null ? serverName !== null : chosen.listener !== routed.listener;
}

const noRoute: Failure = { kind: 'NoRoute' };

import { crossOriginKind, requestedMethod } from '#dataplane/http/cross-origin.ts';
import type { Client, Exchange } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { RequestHead } from '#dataplane/http/message.ts';
import type { RoutedListener, RoutedRule } from '#dataplane/route/router.ts';
import { isTrustedHop } from './client-address.ts';
import type { Surroundings } from './surroundings.ts';
import type { HttpPort, Port, Rule, ServedListener } from '#dataplane/runtime.ts';

/** Whose listener the Host is; null for nobody's. */
export function listenerOf(port: Port | null, host: string): RoutedListener<ServedListener, Rule> | null {
  return port?.kind === 'Http' ? port.router.listenerFor(host) : null;
}

/** The rule for the request at its listener, or why there is none: first of all, whether the client may come. */
export function ruleFor(
  exchange: Pick<Exchange, 'request' | 'client' | 'shadowed'>,
  port: Port | null,
  routed: RoutedListener<ServedListener, Rule> | null,
  { bans, now }: Pick<Surroundings, 'bans' | 'now'>,
): RoutedRule<Rule> | Failure {
  if (port?.kind !== 'Http') return noRoute;
  const hit = bans.at(port.number, exchange.client.address);
  if (hit !== null && !isTrustedHop(exchange.client, port.client)) {
    if (!hit.isShadow) return { kind: 'Banned', detail: hit.detail };
    exchange.shadowed ??= hit.detail;
  }
  const { request, client } = exchange;
  const bot = port.guard?.refusal(request, client.address) ?? null;
  if (bot?.isShadow === false) return { kind: 'BotRefused', detail: bot.detail };
  exchange.shadowed ??= bot?.detail ?? null;
  if (routed === null) return noRoute;
  if (isMisdirected(port, routed, client)) return { kind: 'Misdirected' };
  try {
    return preflightRule(request, routed, now) ?? routed.match(request, now) ?? noRoute;
  } catch (error) {
    // one request that matching cannot bear must not take all others with it
    return { kind: 'FilterBroke', detail: `matching: ${String(error)}` };
  }
}

/**
 * The rule that a browser's preflight is about, if that one answers preflights: the rule of the request that it would
 * like to make, whose method may be all that leads there.
 */
function preflightRule(
  request: RequestHead,
  routed: RoutedListener<ServedListener, Rule>,
  now: () => number,
): RoutedRule<Rule> | null {
  const method = requestedMethod(request);
  if (method === null) return null;
  const wanted: RequestHead = Object.create(request, { method: { value: method } });
  const match = routed.match(wanted, now);
  return match?.rule.requestFilters[0]?.kind === crossOriginKind ? match : null;
}

/**
 * Whether the request belongs elsewhere: the Host's listener must be the one that the server name chose, its
 * certificate and its policies (GEP-3567). And a connection from before its port changed between HTTP and HTTPS
 * serves nothing of what the port is now.
 */
function isMisdirected(
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

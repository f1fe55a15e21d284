import type { BanList } from '#dataplane/http/ban-list.ts';
import { crossOriginKind, requestedMethod } from '#dataplane/http/cross-origin.ts';
import type { Client, Exchange } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import { Fields } from '#dataplane/http/fields.ts';
import { isHopByHop } from '#dataplane/http/hop-by-hop.ts';
import type { ForwardedHead, RequestHead } from '#dataplane/http/message.ts';
import type { RoutedListener, RoutedRule } from '#dataplane/route/router.ts';
import { isTrustedHop } from './client-address.ts';
import type { HttpPort, Port, RequestListener, Rule } from '#dataplane/runtime.ts';

/** A listener of requests with the routes that are attached to it. */
export type Routed = RoutedListener<RequestListener, Rule>;

/** Whose listener the Host is; null for nobody's. */
export function listenerOf(port: Port | null, host: string): Routed | null {
  return port?.kind === 'Http' ? port.router.listenerFor(host) : null;
}

/** Why the request comes to no listener; null: `routed` takes it. First of all, whether the client may come. */
export function refusalAt(
  exchange: Pick<Exchange, 'request' | 'client' | 'shadowed'>,
  port: Port | null,
  routed: Routed | null,
  bans: BanList,
): Failure | null {
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
  return isMisdirected(port, routed, client) ? { kind: 'Misdirected' } : null;
}

/** The rule for the request that the listener's filters have let on, or why there is none. */
export function ruleFor(
  { request: received, forwarded }: Pick<Exchange, 'request' | 'forwarded'>,
  routed: Routed,
  now: () => number,
): RoutedRule<Rule> | Failure {
  try {
    const isAsItCame = routed.listener.requestFilters.length === 0;
    const request = isAsItCame ? received : filteredRequest(received, forwarded);
    return preflightRule(request, routed, now) ?? routed.match(request, now) ?? noRoute;
  } catch (error) {
    // one request that matching cannot bear must not take all others with it
    return { kind: 'FilterBroke', detail: `matching: ${String(error)}` };
  }
}

/**
 * The request as filters have left it, in all that rules match but its host: with the fields that a backend would get, so
 * that nobody chooses a rule by a field that no backend sees, and those that are for this hop alone.
 */
function filteredRequest(received: RequestHead, forwarded: ForwardedHead): RequestHead {
  const { method, path, query } = forwarded;
  const { authority, host, protocol } = received;
  const fields = new Fields();
  fields.appendAll(forwarded.fields);
  for (let line = 0; line < received.fields.size; line += 1) {
    const name = received.fields.nameAt(line);
    if (isHopByHop(name)) fields.appendLine(name, received.fields.lineAt(line));
  }
  return { method, path, query, authority, host, protocol, fields };
}

/**
 * The rule that a browser's preflight is about, if that one answers preflights: the rule of the request that it would
 * like to make, whose method may be all that leads there.
 */
function preflightRule(request: RequestHead, routed: Routed, now: () => number): RoutedRule<Rule> | null {
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
function isMisdirected({ tls, router }: HttpPort, routed: Routed, { serverName, secure }: Client): boolean {
  if (secure !== (tls !== null)) return true;
  if (!secure) return false;
  const chosen = router.listenerFor(serverName ?? '');
  return chosen === null ? serverName !== null : chosen.listener !== routed.listener;
}

/** Nobody serves the request. */
export const noRoute: Failure = Object.freeze({ kind: 'NoRoute' });

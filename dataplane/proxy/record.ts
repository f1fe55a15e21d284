import type { Client, Exchange } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import type { RequestRecord } from '#dataplane/http/observer.ts';
import type { ServedListener } from '#dataplane/runtime.ts';
import type { UpstreamEndpoint } from '#dataplane/upstream/endpoint.ts';
import { requestIdOf, userAgentOf } from './forwarded.ts';

/** The endpoint that was asked last, as records tell it. */
export function endpointLabel(
  forwarding: { readonly endpoint: UpstreamEndpoint | null } | null,
): string | null {
  return forwarding?.endpoint?.name ?? null;
}

/** What of an exchange's record is not the exchange's own to tell. */
type ExchangeFacts = Pick<
  RequestRecord,
  | 'port'
  | 'listener'
  | 'cluster'
  | 'endpoint'
  | 'status'
  | 'grpcStatus'
  | 'failure'
  | 'bytesIn'
  | 'durationMs'
  | 'attempts'
>;

/** The record of an exchange that is over. Hot path: a plain object, always of one shape. */
export function exchangeRecord(exchange: Exchange, facts: ExchangeFacts): RequestRecord {
  const { request, rule } = exchange;
  return {
    port: facts.port,
    listener: facts.listener,
    route: rule?.route ?? null,
    rule: rule?.name ?? null,
    cluster: facts.cluster,
    endpoint: facts.endpoint,
    protocol: request.protocol,
    method: request.method,
    host: request.host,
    path: request.path,
    status: facts.status,
    grpcStatus: facts.grpcStatus,
    failure: facts.failure,
    bytesIn: facts.bytesIn,
    bytesOut: exchange.bytesOut,
    startedMs: exchange.startedMs,
    durationMs: facts.durationMs,
    attempts: facts.attempts,
    client: exchange.client,
    userAgent: userAgentOf(request),
    requestId: requestIdOf(exchange.forwarded),
    subject: exchange.identity?.subject ?? null,
    shadowed: exchange.shadowed,
    upgraded: facts.status === 101,
  };
}

/** The record of a request that never became an exchange: its head could not be understood. */
export function refusalRecord(
  failure: Failure,
  of: { readonly client: Client; readonly port: number; readonly status: number; readonly nowMs: number },
): RequestRecord {
  return {
    port: of.port,
    listener: null,
    route: null,
    rule: null,
    cluster: null,
    endpoint: null,
    protocol: null,
    method: '',
    host: '',
    path: '',
    status: of.status,
    grpcStatus: null,
    failure,
    bytesIn: 0,
    bytesOut: 0,
    startedMs: of.nowMs,
    durationMs: 0,
    attempts: 0,
    client: of.client,
    userAgent: null,
    requestId: null,
    subject: null,
    shadowed: null,
    upgraded: false,
  };
}

/** What of a relay's record is its own: the rest are words of HTTP. */
export type RelayFacts = Pick<
  RequestRecord,
  | 'route'
  | 'rule'
  | 'cluster'
  | 'endpoint'
  | 'protocol'
  | 'failure'
  | 'bytesIn'
  | 'bytesOut'
  | 'startedMs'
  | 'durationMs'
  | 'attempts'
  | 'client'
> & { readonly listener: ServedListener };

/** The record of octets or datagrams that were relayed, or were to be: there is no status. */
export function relayRecord(facts: RelayFacts): RequestRecord {
  const { listener } = facts;
  return {
    ...facts,
    port: listener.port,
    listener: listener.name,
    method: '',
    host: '',
    path: '',
    status: 0,
    grpcStatus: null,
    userAgent: null,
    requestId: null,
    subject: null,
    shadowed: null,
    upgraded: false,
  };
}

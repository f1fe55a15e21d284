import { defaultClientRules } from '#dataplane/compile/client-rules.ts';
import type { RequestHead } from '#dataplane/http/message.ts';
import type { RoutedListener, RoutedRule } from '#dataplane/route/router.ts';
import type {
  Action,
  Backend,
  Mirror,
  HttpPort,
  Port,
  Retry,
  RequestListener,
  Rule,
  Runtime,
  TlsPort,
} from '#dataplane/runtime.ts';
import type { Hedge } from '#snapshot/route.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';

/** A rule that forwards everything to `cluster` with no filter and no time-out; `changes` replace parts of it. */
export function aRule(cluster: UpstreamCluster | null, changes: Partial<Rule> = {}): Rule {
  return {
    route: 'HTTPRoute/default/all',
    name: '0',
    requestFilters: [],
    responseFilters: [],
    action: aForward(aBackend(cluster)),
    ...changes,
  };
}

/** Sends a request again at once, and only for what `changes` name. */
export function aRetry(changes: Partial<Retry>): Retry {
  return {
    attempts: 1,
    codes: new Set(),
    grpcCodes: new Set(),
    conditions: new Set(),
    backoffMs: 0,
    backoffMsMax: 0,
    ...changes,
  };
}

/** An action that always forwards to `backend`. */
export function aForward(
  backend: Backend | null,
  timeouts: {
    readonly requestTimeoutMs?: number;
    readonly backendTimeoutMs?: number;
    readonly headTimeoutMs?: number;
    readonly bodyBytesMax?: number;
    readonly retry?: Retry | null;
    readonly hedge?: Hedge | null;
  } = {},
): Action {
  const none = {
    requestTimeoutMs: 0,
    backendTimeoutMs: 0,
    headTimeoutMs: 0,
    bodyBytesMax: 0,
    retry: null,
    hedge: null,
  };
  return { kind: 'Forward', pick: () => backend, sessions: null, ...none, ...timeouts };
}

export function aBackend(cluster: UpstreamCluster | null, mirrors: readonly Mirror[] = []): Backend {
  return { cluster, requestFilters: [], responseFilters: [], mirrors };
}

/** How a port of a hand-made runtime routes: the rule for a request, or null. */
export type Routing = (request: RequestHead) => Rule | null;

/** A port whose listeners are told apart by exact hostname; `''` is any host. */
export function aPort(
  number: number,
  listeners: Readonly<Record<string, Routing>>,
  tls: TlsPort | null = null,
): HttpPort {
  const served = new Map(
    Object.entries(listeners).map(([hostname, routing]) => [hostname, routed(number, hostname, routing)]),
  );
  return {
    kind: 'Http',
    number,
    tls,
    client: defaultClientRules,
    guard: null,
    router: { listenerFor: (host) => served.get(host) ?? served.get('') ?? null },
  };
}

function routed(port: number, hostname: string, routing: Routing): RoutedListener<RequestListener, Rule> {
  const name = hostname === '' ? 'any' : hostname;
  const listener: RequestListener = { name, port, hostname, requestFilters: [] };
  return {
    listener,
    match(request): RoutedRule<Rule> | null {
      const rule = routing(request);
      return rule === null ? null : { rule, matchedPrefix: -1 };
    },
  };
}

/** A runtime of these ports. */
export function aRuntime(...ports: readonly Port[]): Runtime {
  return {
    version: 'given',
    ports: new Map(ports.map((port) => [port.number, port])),
    datagramPorts: new Map(),
  };
}

/** A port of a runtime that serves HTTP; null for another one, or none. */
export function httpPortOf(runtime: Runtime, number: number): HttpPort | null {
  const port = runtime.ports.get(number);
  return port?.kind === 'Http' ? port : null;
}

// What a TLSRoute, TCPRoute or UDPRoute asks for: all that comes to its listeners goes to its backends, by weight. It
// knows no rules: there is one, and nothing in it to choose by (Gateway API: TLSRoute, TCPRoute, UDPRoute).
import type { StreamRouteRule } from '#crds/gateway-api.ts';
import type { StreamRouteObject } from '#crds/route-kind.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { StreamRoute } from '#snapshot/stream-route.ts';
import { resolveBackend, type Backend, type Speech } from './backends.ts';
import { createdMs } from './creation-time.ts';
import type { Read } from './memo.ts';
import type { Problem } from './problem.ts';
import { attachmentOf, type Site } from './route-at-gateway.ts';
import type { RouteContent, SiteAt } from './route-content.ts';

/** That of a route of streams. */
export function streamContent(read: Read, object: StreamRouteObject): RouteContent {
  const { rules } = object.spec;
  const problem: Problem | null =
    rules.length === 1
      ? null
      : {
          kind: 'UnsupportedValue',
          field: 'spec.rules',
          detail: 'each of several rules would take all there is; keep one, with all its backendRefs',
        };
  const resolve = (speech: Speech) => resolveAll(read, object, rules[0], speech);
  return {
    problem,
    partial: null,
    referenceProblems: resolve(speechOf(object)).problems,
    ignored: [],
    // One that is not accepted takes no listener from others.
    siteAt: (at) => siteOf(object, resolve, problem === null ? at : { ...at, attachments: [] }),
  };
}

interface Resolved {
  readonly weighted: StreamRoute['backends'];
  readonly backends: readonly Backend[];
  readonly problems: readonly Problem[];
}

function speechOf({ kind }: StreamRouteObject): Speech {
  return kind === 'UDPRoute' ? 'Datagrams' : 'Stream';
}

function resolveAll(
  read: Read,
  { kind, metadata: { namespace, name } }: StreamRouteObject,
  rule: StreamRouteRule | undefined,
  speech: Speech,
): Resolved {
  const found = (rule?.backendRefs ?? []).map((reference, at) => {
    const field = `spec.rules[0].backendRefs[${String(at)}]`;
    const from = { object: { kind, namespace, name }, group: 'gateway.networking.k8s.io', field, speech };
    return { weight: reference.weight, resolved: resolveBackend(read, from, reference) };
  });
  return {
    weighted: found.map(({ weight, resolved }) => ({
      cluster: resolved.kind === 'Resolved' ? resolved.backend.cluster.id : null,
      weight,
    })),
    backends: found.flatMap(({ resolved }) => (resolved.kind === 'Resolved' ? [resolved.backend] : [])),
    problems: found.flatMap(({ resolved }) => (resolved.kind === 'Unresolved' ? [resolved.problem] : [])),
  };
}

/**
 * The route at one Gateway. Where TLS ends at some of its listeners and not at others it is two routes there, for its
 * backends are spoken to otherwise: to TLS that ends at a backend no policy adds any.
 */
function siteOf(object: StreamRouteObject, resolve: (speech: Speech) => Resolved, at: SiteAt): Site {
  const { gateway } = at;
  const attachments = [...new Map(at.attachments.map((one) => [one.listener.key, one])).values()];
  if (attachments.length === 0) {
    return { gateway, atGateway: null, closed: [] };
  }
  const { kind, metadata } = object;
  const { namespace, name } = metadata;
  const groups = Map.groupBy(attachments, ({ listener }): Speech =>
    listener.tlsMode === 'Passthrough' ? 'Sealed' : speechOf(object),
  );
  const views = [...groups].map(([speech, group]) => ({ speech, group, found: resolve(speech) }));
  return {
    gateway,
    atGateway: {
      gateway: gateway.key,
      listeners: attachments.map((one) => one.listener.key),
      routes: [],
      streams: views.map(({ speech, group, found }) => ({
        kind: 'StreamRoute',
        id: resourceId('StreamRoute', kind, namespace, name, ...(speech === 'Sealed' ? ['sealed'] : [])),
        name: `${kind}/${namespace}/${name}`,
        createdMs: createdMs(metadata.creationTimestamp),
        attachments: group.map((one) => attachmentOf(gateway, one)),
        backends: found.weighted,
      })),
      resources: views.flatMap(({ found }) => found.backends.map((one) => one.cluster)),
      sources: views.flatMap(({ found }) => found.backends.map((one) => one.source)),
      effects: [],
    },
    closed: [],
  };
}

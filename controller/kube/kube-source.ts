import { JoinedNamespaces } from './joined-namespaces.ts';
import { Reflector } from './reflector.ts';
import type { Kind, KindInfo } from '#crds/kind.ts';
import type { Clock } from '#controller/clock.ts';
import type { ObjectSink } from '#controller/source.ts';
import type { KubeClient } from './kube-client.ts';
import type { ReflectorEvent, ReflectorTiming } from './reflector.ts';

export interface KubeSourceOptions {
  readonly client: KubeClient;
  readonly kinds: Readonly<Record<Kind, KindInfo>>;
  readonly sink: ObjectSink;
  /** Only what is in these is told, and kinds without namespace; null for all. */
  readonly namespaces: readonly string[] | null;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly report: (event: ReflectorEvent) => void;
  readonly timing?: Partial<ReflectorTiming>;
}

/** What can hold nothing for us, and is many or large, is not asked for. */
const selectors: { readonly [K in Kind]?: Readonly<Record<string, string>> } = {
  // The one that tells the channel of all of the Gateway API; others may be hundreds.
  CustomResourceDefinition: { fieldSelector: 'metadata.name=gateways.gateway.networking.k8s.io' },
  Secret: {
    fieldSelector: [
      'type!=helm.sh/release.v1',
      'type!=kubernetes.io/service-account-token',
      'type!=kubernetes.io/dockerconfigjson',
      'type!=bootstrap.kubernetes.io/token',
    ].join(),
  },
};

/** All kinds of a cluster, told to one sink; `start` once, `stop` once. */
export class KubeSource {
  readonly #reflectors: readonly Reflector[];

  constructor(options: KubeSourceOptions) {
    this.#reflectors = Object.values(options.kinds).flatMap((info) => reflectorsOf(options, info));
  }

  start(): void {
    for (const reflector of this.#reflectors) {
      reflector.start();
    }
  }

  /** Resolves when nothing more will be told. */
  async stop(): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
  }
}

/** One for the kind, or one for each of the namespaces. */
function reflectorsOf({ namespaces, sink, ...options }: KubeSourceOptions, info: KindInfo): Reflector[] {
  const all = { ...options, info, selectors: selectors[info.kind] ?? {} };
  if (namespaces === null || !info.namespaced) {
    return [new Reflector({ ...all, sink })];
  }
  const joined = new JoinedNamespaces(info.kind, namespaces, sink);
  return namespaces.map((namespace) => new Reflector({ ...all, sink: joined.sink(namespace), namespace }));
}

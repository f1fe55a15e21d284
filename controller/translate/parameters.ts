import { resourceId } from '#snapshot/ids.ts';
import type { RateLimitStore } from '#snapshot/rate-limit.ts';
import { sharedRedisDefaults, type SharedRedis } from '#snapshot/redis-address.ts';
import { Secret } from '#snapshot/secret.ts';
import type { GatewayParameters } from '#crds/gateway-parameters.ts';
import { patchProblem, type PatchAuthor } from './infrastructure/pod-template-patch.ts';
import type { Read } from './memo.ts';
import type { Problem } from './problem.ts';
import { findRedis } from './shared-redis.ts';

/** A reference to parameters as GatewayClasses and Gateways write it, its namespace told. */
export interface ParametersReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly author: PatchAuthor;
}

/** What the platform decided for a Gateway. */
export interface Parameters {
  /** Kinds of policy without which a route is closed. */
  readonly requirePolicies: readonly 'AuthPolicy'[];
  readonly store: RateLimitStore;
  /** The store that was asked for cannot be had: to data planes it is one that does not answer. */
  readonly storeProblem: Problem | null;
}

/** The parameters that a reference names: null where there is no reference. */
export type FoundParameters =
  | { readonly kind: 'Found'; readonly object: GatewayParameters | null }
  | { readonly kind: 'Invalid'; readonly problem: Problem };

/** The GatewayParameters that `reference` names (null for no reference), or what is wrong with it. */
export function findParameters(
  read: Read,
  field: string,
  reference: ParametersReference | undefined,
): FoundParameters {
  if (reference === undefined) {
    return { kind: 'Found', object: null };
  }
  const { group, kind, namespace, name, author } = reference;
  if (group !== 'turnpike.dev' || kind !== 'GatewayParameters') {
    return invalid(field, `names the kind ${group}/${kind}; name one of turnpike.dev/GatewayParameters`);
  }
  if (namespace === undefined) {
    return invalid(field, 'has no namespace; add the namespace of the GatewayParameters');
  }
  const object = read.get('GatewayParameters', namespace, name);
  if (object !== undefined) {
    const refused = patchProblem(object.spec.podTemplatePatch, author);
    return refused === null
      ? { kind: 'Found', object }
      : invalid(
          field,
          `names GatewayParameters ${namespace}/${name}, in which spec.podTemplatePatch.${refused}`,
        );
  }
  const refused = read
    .refused('GatewayParameters')
    .find((one) => one.namespace === namespace && one.name === name);
  const [problem = { path: 'spec', message: 'cannot be read' }] = refused?.problems ?? [];
  return invalid(
    field,
    `names GatewayParameters ${namespace}/${name}, ${
      refused === undefined
        ? 'which do not exist; create them'
        : `in which ${problem.path} ${problem.message}`
    }`,
  );
}

function invalid(field: string, detail: string): FoundParameters {
  return { kind: 'Invalid', problem: { kind: 'InvalidParameters', field, detail } };
}

/**
 * What holds for a Gateway: its own plain values beat its class's; what either requires is required.
 */
export function mergeParameters(
  read: Read,
  ofClass: GatewayParameters | null,
  ofGateway: GatewayParameters | null,
): Parameters {
  const required = [ofClass, ofGateway].flatMap((one) => one?.spec.requirePolicies ?? []);
  const teller = ofGateway?.spec.rateLimitStore === undefined ? ofClass : ofGateway;
  const { store, problem } = teller === null ? memory : storeOf(read, teller);
  return { requirePolicies: [...new Set(required)], store, storeProblem: problem };
}

interface FoundStore {
  readonly store: RateLimitStore;
  readonly problem: Problem | null;
}

const memory: FoundStore = Object.freeze({
  store: Object.freeze({
    kind: 'RateLimitStore',
    id: resourceId('RateLimitStore', 'memory'),
    type: 'Memory',
  }),
  problem: null,
});

function storeOf(read: Read, parameters: GatewayParameters): FoundStore {
  const wanted = parameters.spec.rateLimitStore;
  if (wanted === undefined || wanted.type === 'Memory') {
    return memory;
  }
  const { namespace, name } = parameters.metadata;
  const found = findRedis(read, namespace, wanted.redis);
  if (found.kind === 'Unresolved') {
    const { field, detail } = found;
    const problem = { kind: 'StoreUnresolved', parameters: `${namespace}/${name}`, field, detail } as const;
    return { store: redisStore(nowhere), problem };
  }
  return { store: redisStore(found.redis), problem: null };
}

/** No data plane finds it, so limits hold as their onStoreError says: in memory each would grant the whole of them. */
const nowhere: SharedRedis = Object.freeze({ url: new Secret(''), ...sharedRedisDefaults });

function redisStore(redis: SharedRedis): RateLimitStore {
  return { kind: 'RateLimitStore', id: resourceId('RateLimitStore', 'redis'), type: 'Redis', ...redis };
}

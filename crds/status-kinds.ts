import type { Kind } from './kind.ts';
import { routeKinds } from './route-kind.ts';

/** Kinds whose statuses we write, as lists or conditions that we share with other controllers. */
export const sharedStatusKinds = [
  ...routeKinds,
  'BackendTLSPolicy',
  'AuthPolicy',
  'RateLimitPolicy',
  'TrafficPolicy',
  'ClientPolicy',
  'ProtectionPolicy',
  'Consumer',
  'Plan',
  'Ban',
] as const satisfies readonly Kind[];

/** All kinds that have a status of ours; nothing in it is taken into account by a translation. */
export const statusKinds: ReadonlySet<string> = new Set<Kind>([
  'GatewayClass',
  'Gateway',
  'ListenerSet',
  'Ingress',
  ...sharedStatusKinds,
]);

// TrafficPolicy: how backends are called.
import type * as z from 'zod';
import { withRules, type Frozen, type Rule } from './grammar.ts';
import { kindSchema } from './kubernetes.ts';
import { policyStatusSchema, turnpikeVersion, type TargetReference } from './policy.ts';
import { settingsSpec, type Settings } from './settings-policy.ts';
import { trafficGroups } from './traffic-settings.ts';

const places = ['self', 'self.defaults', 'self.overrides'] as const;

/** What a Service cannot have, for it is the route's: paths below a place of settings. */
const ofRoutes = [['timeouts', 'request'], ['maxBodyBytes']] as const;

/** `has()` of each step: CEL takes no path through what is not there. */
function hasPath(from: string, path: readonly string[]): string {
  return path.map((_, at) => `has(${[from, ...path.slice(0, at + 1)].join('.')})`).join(' && ');
}

function reaches(value: unknown, path: readonly string[]): boolean {
  const [first, ...rest] = path;
  if (first === undefined) return true;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, first)) return false;
  return reaches((value as Settings)[first], rest);
}

type Spec = Settings & { readonly targetRefs: readonly TargetReference[] };

const routesOnly: Rule<Spec> = {
  cel: `!self.targetRefs.exists(t, t.kind == 'Service') || !(${places
    .flatMap((place) =>
      ofRoutes.map((path) =>
        place === 'self' ? `(${hasPath(place, path)})` : `(has(${place}) && ${hasPath(place, path)})`,
      ),
    )
    .join(' || ')})`,
  message:
    'timeouts.request and maxBodyBytes are for routes and Gateways, not for a Service: move them into a policy of their own',
  holds: (spec) =>
    spec.targetRefs.every(({ kind }) => kind !== 'Service') ||
    ![spec, spec['defaults'], spec['overrides']].some((place) =>
      ofRoutes.some((path) => reaches(place, path)),
    ),
};

const spec = settingsSpec({
  targets: ['Gateway', 'ListenerSet', 'HTTPRoute', 'GRPCRoute', 'Service'],
  groups: trafficGroups,
  rules: [],
});

/** The schema of a TrafficPolicy. */
export const trafficPolicySchema = kindSchema('TrafficPolicy', turnpikeVersion, {
  spec: withRules(spec, [routesOnly as Rule<z.output<typeof spec>>]).describe(
    'How backends are called. Of each group of settings the one nearest to the backend holds (Gateway, listener, route, rule, Service, port of the Service), but overrides hold before all that is nearer.',
  ),
  status: policyStatusSchema.describe('What the controller says of the policy.'),
});

/** A decoded TrafficPolicy. */
export type TrafficPolicy = Frozen<z.infer<typeof trafficPolicySchema>>;

// GRPCRoute as the CRD of Gateway API 1.7 defines it (standard channel; experimental fields are known by name and
// kept as they are): shape, defaults and rules. Does not know what a route means.
import * as z from 'zod';
import { atomicList, oneOf, withRules, type Frozen, type Rule } from './grammar.ts';
import { hostname, sectionName } from './fields.ts';
import { commonFilters, onceOnly, serviceNeedsPort, weightedReferenceFields } from './http-filter.ts';
import { headerMatches } from './http-match.ts';
import { kindSchema } from './kubernetes.ts';
import { parentRefsSchema, routeStatusSchema } from './route-parents.ts';
import { requestRules } from './route-rules.ts';
import { routeSessionPersistence } from './session-persistence.ts';

const filter = oneOf({ type: 'What the filter does.', variants: commonFilters, common: {} });

const filters = withRules(
  atomicList(filter).max(16),
  onceOnly('RequestHeaderModifier', 'ResponseHeaderModifier'),
).default([]);

interface MethodValue {
  readonly type: 'Exact' | 'RegularExpression';
  readonly service?: string;
  readonly method?: string;
}

function nameRule(field: 'service' | 'method', pattern: RegExp, like: string): Rule<MethodValue> {
  return {
    cel: `(!has(self.type) || self.type == 'Exact') && has(self.${field}) ? self.${field}.matches(...): true`,
    message: `${field} must be a name such as ${like} for type Exact`,
    holds: ({ type, [field]: name }) => type !== 'Exact' || name === undefined || pattern.test(name),
  };
}

const methodMatch = withRules(
  z.object({
    type: z.enum(['Exact', 'RegularExpression']).default('Exact'),
    service: z.string().max(1024).exactOptional(),
    method: z.string().max(1024).exactOptional(),
  }),
  [
    {
      cel: 'has(self.type) ? has(self.service) || has(self.method) : true',
      message: 'needs service, method or both: add one, or remove the whole to match all',
      holds: ({ service, method }) => service !== undefined || method !== undefined,
    },
    nameRule('service', /^\.?[a-z_][a-z_0-9]*(?:\.[a-z_][a-z_0-9]*)*$/i, 'shop.v1.Cart'),
    nameRule('method', /^[A-Za-z_][A-Za-z_0-9]*$/, 'AddItem'),
  ],
);

const match = z.object({ method: methodMatch.exactOptional(), headers: headerMatches });

/** One match of a rule: all its parts must hold. */
export type GRPCRouteMatch = Frozen<z.infer<typeof match>>;

const backendReference = withRules(z.object({ ...weightedReferenceFields, filters }), [serviceNeedsPort]);

const rule = z.object({
  name: sectionName.exactOptional(),
  matches: atomicList(match).max(64).default([]),
  filters,
  backendRefs: atomicList(backendReference).max(16).default([]),
  sessionPersistence: routeSessionPersistence.exactOptional(),
});

/** One rule of a GRPCRoute. */
export type GRPCRouteRule = Frozen<z.infer<typeof rule>>;

/** The schema of a GRPCRoute. */
export const grpcRouteSchema = kindSchema('GRPCRoute', 'gateway.networking.k8s.io/v1', {
  spec: z.object({
    parentRefs: parentRefsSchema,
    hostnames: atomicList(hostname).max(16).default([]),
    rules: withRules(atomicList(rule).max(16), requestRules).default([]),
    useDefaultGateways: z.unknown().exactOptional(),
  }),
  status: routeStatusSchema,
});

/** A decoded GRPCRoute. */
export type GRPCRoute = Frozen<z.infer<typeof grpcRouteSchema>>;

// TLSRoute, TCPRoute and UDPRoute as the CRDs of Gateway API 1.7 define them. An object that was written as v1alpha2 is
// read as v1: it may have more rules than one, and a TLSRoute no hostnames. Does not know what a route means.
import { isIP } from 'node:net';
import * as z from 'zod';
import { atomicList, withRules, type Frozen } from './grammar.ts';
import { hostname, sectionName } from './fields.ts';
import { serviceNeedsPort, weightedReferenceFields } from './http-filter.ts';
import { kindSchema } from './kubernetes.ts';
import { parentRefsSchema, routeStatusSchema } from './route-parents.ts';

const backendReference = withRules(z.object(weightedReferenceFields), [serviceNeedsPort]);

const rule = z.object({
  name: sectionName.exactOptional(),
  backendRefs: atomicList(backendReference).min(1).max(16),
});

/** The one rule of a route of streams. */
export type StreamRouteRule = Frozen<z.infer<typeof rule>>;

const common = {
  parentRefs: parentRefsSchema,
  rules: atomicList(rule).min(1).max(16),
  useDefaultGateways: z.unknown().exactOptional(),
};

const serverNames = withRules(atomicList(hostname).max(1024), [
  {
    cel: 'self.all(h, !isIP(h))',
    message: 'clients ask for names, never for addresses (RFC 6066): remove the address',
    holds: (names) => names.every((one) => isIP(one) === 0),
  },
]);

/** The schema of a TLSRoute. */
export const tlsRouteSchema = kindSchema('TLSRoute', 'gateway.networking.k8s.io/v1', {
  spec: z.object({ ...common, hostnames: serverNames.default([]) }),
  status: routeStatusSchema,
});

/** The schema of a TCPRoute. */
export const tcpRouteSchema = kindSchema('TCPRoute', 'gateway.networking.k8s.io/v1', {
  spec: z.object(common),
  status: routeStatusSchema,
});

/** The schema of a UDPRoute. */
export const udpRouteSchema = kindSchema('UDPRoute', 'gateway.networking.k8s.io/v1', {
  spec: z.object(common),
  status: routeStatusSchema,
});

/** A decoded TLSRoute. */
export type TLSRoute = Frozen<z.infer<typeof tlsRouteSchema>>;

/** A decoded TCPRoute. */
export type TCPRoute = Frozen<z.infer<typeof tcpRouteSchema>>;

/** A decoded UDPRoute. */
export type UDPRoute = Frozen<z.infer<typeof udpRouteSchema>>;

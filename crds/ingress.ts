// Ingress and IngressClass (networking.k8s.io/v1), with the rules by which the API server takes them.
import { isIP } from 'node:net';
import * as z from 'zod';
import { atomicList, withRules, type Frozen, type Rule } from './grammar.ts';
import { controllerName, groupName, hostname, kindName, namespaceName, objectName, port } from './fields.ts';
import { kindSchema } from './kubernetes.ts';

/** Group and version of both kinds. */
const networkingVersion = 'networking.k8s.io/v1';

/** Marks the IngressClass of Ingresses that name none. */
export const defaultClassAnnotation = 'ingressclass.kubernetes.io/is-default-class';

/** Names the class as Ingresses did before they had a field for it. It comes before the field. */
export const classAnnotation = 'kubernetes.io/ingress.class';

const cel = '(validation of the networking API)';

/** The names of what holds for both kinds are those of the API. */
export const ingressClassSchema = kindSchema('IngressClass', networkingVersion, {
  spec: z
    .object({
      controller: controllerName.exactOptional(),
      parameters: z
        .object({
          apiGroup: groupName.default(''),
          kind: kindName,
          name: objectName,
          scope: z.enum(['Cluster', 'Namespace']).default('Cluster'),
          namespace: namespaceName.exactOptional(),
        })
        .exactOptional(),
    })
    .prefault({}),
});

/** A decoded IngressClass. */
export type IngressClass = Frozen<z.infer<typeof ingressClassSchema>>;

/** Exactly one of `names` is set. */
function oneOf(names: readonly [string, string]): Rule<object> {
  return {
    cel,
    message: `exactly one of ${names.join(' and ')} must be set`,
    holds: (value) => names.filter((name) => Object.hasOwn(value, name)).length === 1,
  };
}

const servicePort = withRules(
  z.object({ name: z.string().min(1).max(63).exactOptional(), number: port.exactOptional() }),
  [oneOf(['name', 'number'])],
);

const backend = withRules(
  z.object({
    service: z.object({ name: objectName, port: servicePort }).exactOptional(),
    resource: z.object({ apiGroup: groupName.default(''), kind: kindName, name: objectName }).exactOptional(),
  }),
  [oneOf(['service', 'resource'])],
);

/** Where requests go: a port of a Service, or a resource that nobody here knows. */
export type IngressBackend = Frozen<z.infer<typeof backend>>;

const forbidden = ['//', '/./', '/../', '%2f', '%2F'] as const;
const forbiddenAtEnd = ['/..', '/.'] as const;

const path = withRules(
  z.object({
    /** Empty, for ImplementationSpecific alone: all paths. */
    path: z.string().max(1024).default(''),
    pathType: z.enum(['Exact', 'Prefix', 'ImplementationSpecific']),
    backend,
  }),
  [
    {
      cel,
      message: "path must begin with '/'",
      holds: (one) =>
        one.path.startsWith('/') || (one.path === '' && one.pathType === 'ImplementationSpecific'),
    },
    {
      cel,
      message: `path must not contain ${forbidden.join(', ')}, nor end with ${forbiddenAtEnd.join(' or ')}: write it as it is after normalisation`,
      holds: (one) =>
        one.pathType === 'ImplementationSpecific' ||
        (!forbidden.some((part) => one.path.includes(part)) &&
          !forbiddenAtEnd.some((end) => one.path.endsWith(end))),
    },
  ],
);

/** What becomes of the requests for a path. */
export type IngressPath = Frozen<z.infer<typeof path>>;

const noAddress: Rule<string> = {
  cel,
  message: 'must be a host name and no address',
  holds: (host) => isIP(host) === 0,
};

const host = withRules(hostname, [noAddress]);

const rule = z.object({
  /** Left out or empty: any host. `*.` stands for one label. */
  host: z.union([z.literal(''), host]).default(''),
  /** Left out: all requests go to the default backend. */
  http: z.object({ paths: atomicList(path).min(1) }).exactOptional(),
});

const tls = z.object({
  /** Empty: the hosts of the rules. */
  hosts: atomicList(host).default([]),
  /** Left out: the listener's own certificate. */
  secretName: objectName.exactOptional(),
});

/** The schema of an Ingress. */
export const ingressSchema = kindSchema('Ingress', networkingVersion, {
  spec: withRules(
    z.object({
      ingressClassName: objectName.exactOptional(),
      defaultBackend: backend.exactOptional(),
      tls: atomicList(tls).default([]),
      rules: atomicList(rule).default([]),
    }),
    [
      {
        cel,
        message: 'either defaultBackend or rules must be set: add one',
        holds: (spec) => spec.defaultBackend !== undefined || spec.rules.length > 0,
      },
    ],
  ),
  status: z.unknown().exactOptional(),
});

/** A decoded Ingress. */
export type Ingress = Frozen<z.infer<typeof ingressSchema>>;

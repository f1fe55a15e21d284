// What is led as routes are, for the worlds of universe.ts.
import fc from 'fast-check';

type Manifest = Readonly<Record<string, unknown>>;

const namespaces = fc.constantFrom('shop', 'office');
const names = fc.constantFrom('i1', 'i2');
const hosts = fc.constantFrom('', 'a.example.com', 'b.example.com', '*.example.com');
const policies = fc.constantFrom('', 'AuthPolicy/p1', 'RateLimitPolicy/p1, AuthPolicy/none');
const isDefault = 'ingressclass.kubernetes.io/is-default-class';

/** An IngressClass of ours or another's, with a Gateway or without. */
export const ingressClass = fc
  .record({
    name: fc.constantFrom('turnpike', 'other'),
    controller: fc.constantFrom('turnpike.dev/gateway-controller', 'example.com/other'),
    gateway: fc.constantFrom('edge', 'inner', 'none'),
    marked: fc.boolean(),
  })
  .map(({ name, controller, gateway, marked }): Manifest => ({
    kind: 'IngressClass',
    metadata: { name, annotations: marked ? { [isDefault]: 'true' } : {} },
    spec: {
      controller,
      parameters: {
        apiGroup: 'gateway.networking.k8s.io',
        kind: 'Gateway',
        scope: 'Namespace',
        namespace: 'shop',
        name: gateway,
      },
    },
  }));

const backend = fc
  .record({ name: fc.constantFrom('cart', 'pay'), port: fc.constantFrom({ number: 80 }, { name: 'http' }) })
  .map((service) => ({ service }));

const path = fc.record({
  path: fc.constantFrom('/', '/a', '/a/'),
  pathType: fc.constantFrom('Exact', 'Prefix', 'ImplementationSpecific'),
  backend,
});

/** An Ingress of some class or none. */
export const ingress = fc
  .record({
    name: names,
    namespace: namespaces,
    created: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
    className: fc.constantFrom('turnpike', 'other', null),
    policies,
    defaultBackend: fc.option(backend),
    tls: fc.array(
      fc.record({
        hosts: fc.uniqueArray(
          hosts.filter((host) => host !== ''),
          { maxLength: 2 },
        ),
        secretName: fc.constantFrom('keys', 'cert'),
      }),
      { maxLength: 2 },
    ),
    rules: fc.array(
      fc.record({ host: hosts, http: fc.record({ paths: fc.array(path, { minLength: 1, maxLength: 2 }) }) }),
      {
        minLength: 1,
        maxLength: 2,
      },
    ),
  })
  .map(({ name, namespace, created, className, policies, defaultBackend, tls, rules }): Manifest => ({
    kind: 'Ingress',
    metadata: {
      name,
      namespace,
      creationTimestamp: created,
      annotations: policies === '' ? {} : { 'turnpike.dev/policies': policies },
    },
    spec: {
      ...(className === null ? {} : { ingressClassName: className }),
      ...(defaultBackend === null ? {} : { defaultBackend }),
      tls,
      rules,
    },
  }));

/** Annotations of a Service that is exposed, well or badly. */
export const exposing = fc
  .record({
    expose: fc.constantFrom('a.example.com/a', 'a.example.com', '*.example.com/a, /b', 'A.example.com', ''),
    gateway: fc.option(fc.constantFrom('edge', 'shop/edge', 'none')),
    port: fc.option(fc.constantFrom('http', '80', 'none')),
    policies,
  })
  .map(({ expose, gateway, port, policies }): Manifest => ({
    'turnpike.dev/expose': expose,
    ...(gateway === null ? {} : { 'turnpike.dev/gateway': gateway }),
    ...(port === null ? {} : { 'turnpike.dev/port': port }),
    ...(policies === '' ? {} : { 'turnpike.dev/policies': policies }),
  }));

// Objects of the kinds that others define, and whether an API server takes them: the decoder is tested with them here,
// a real API server in e2e/crds.test.ts.
import { cases, gatewayApi, object, type Json, type VerdictCase } from './verdict-case.ts';
import { backendTlsPolicies } from './verdicts-backend-tls-policy.ts';
import { gateways } from './verdicts-gateway.ts';
import { grpcRoutes } from './verdicts-grpc-route.ts';
import { httpRoutes } from './verdicts-http-route.ts';
import { listenerSets } from './verdicts-listener-set.ts';

const gatewayClass = (spec: Json): Json => object(gatewayApi, 'GatewayClass', { spec });
const grant = (spec: Json): Json => object(gatewayApi, 'ReferenceGrant', { spec });
const from = [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'default' }];

const service = (spec: Json): Json => object('v1', 'Service', { spec });
const slice = (fields: Json): Json =>
  object('discovery.k8s.io/v1', 'EndpointSlice', {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ...fields,
  });

const others: readonly VerdictCase[] = [
  ...cases('GatewayClass', gatewayClass, [
    ['a class', { controllerName: 'turnpike.dev/gateway-controller' }],
    ['a controller without path', { controllerName: 'turnpike.dev' }, 'spec.controllerName'],
    [
      'a long description',
      { controllerName: 'turnpike.dev/a', description: 'a'.repeat(65) },
      'spec.description',
    ],
    [
      'parameters without group',
      { controllerName: 'turnpike.dev/a', parametersRef: { kind: 'A', name: 'b' } },
      'spec.parametersRef.group',
    ],
  ]),
  ...cases('ReferenceGrant', grant, [
    [
      'a grant',
      {
        from,
        to: [
          { group: '', kind: 'Service' },
          { group: '', kind: 'Secret', name: 'a' },
        ],
      },
    ],
    ['a grant to nothing', { from, to: [] }, 'spec.to'],
    ['a grant from nobody', { to: [{ group: '', kind: 'Service' }] }, 'spec.from'],
    ['a grant without group', { from, to: [{ kind: 'Service' }] }, 'spec.to[0].group'],
  ]),
  ...cases('Service', service, [
    ['a Service', { ports: [{ port: 80 }] }],
    ['a Service without ports', { selector: { a: 'b' } }, 'spec'],
    ['a headless Service without ports', { clusterIP: 'None' }],
    ['ports without names', { ports: [{ port: 80 }, { port: 81 }] }, 'spec.ports'],
    [
      'ports of one name',
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'a', port: 81 },
        ],
      },
      'spec.ports',
    ],
    [
      'ports of one number',
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 80 },
        ],
      },
      'spec.ports',
    ],
    [
      'TCP and UDP at one number',
      {
        ports: [
          { name: 'a', port: 80 },
          { name: 'b', port: 80, protocol: 'UDP' },
        ],
      },
    ],
    ['port 0', { ports: [{ port: 0 }] }, 'spec.ports[0].port'],
    ['an unknown type', { type: 'Cluster', ports: [{ port: 80 }] }, 'spec.type'],
    ['an external name', { type: 'ExternalName', externalName: 'a.example' }],
    ['an external name that is missing', { type: 'ExternalName' }, 'spec'],
  ]),
  ...cases('EndpointSlice', slice, [
    ['a slice', { ports: [{ port: 80 }] }],
    ['a slice without endpoints', { endpoints: null }],
    ['an address of another type', { addressType: 'IPv6' }, 'endpoints[0].addresses[0]'],
    ['an endpoint without addresses', { endpoints: [{ addresses: [] }] }, 'endpoints[0].addresses'],
    ['an unknown type of address', { addressType: 'IP' }, 'addressType'],
    ['no type of address', { addressType: null }, 'addressType'],
    [
      'conditions',
      {
        endpoints: [
          { addresses: ['10.0.0.1'], conditions: { ready: false, serving: true, terminating: true } },
        ],
      },
    ],
  ]),
  ...cases('Secret', (fields: Json) => object('v1', 'Secret', fields), [
    ['a Secret in plain text', { stringData: { a: 'b' } }],
    ['a Secret in base64', { data: { a: 'Yg==' } }],
    ['a Secret that is no base64', { data: { a: 'b!' } }, 'data.a'],
    ['a number as text', { stringData: { a: 1 } }, 'stringData.a'],
  ]),
  ...cases('ConfigMap', (fields: Json) => object('v1', 'ConfigMap', fields), [
    ['a ConfigMap', { data: { 'jwks.json': '{}' } }],
    ['a list as text', { data: { a: [] } }, 'data.a'],
  ]),
  ...cases('Namespace', (metadata: Json) => ({ apiVersion: 'v1', kind: 'Namespace', metadata }), [
    ['a namespace', { name: 'shop', labels: { 'example.com/team': 'shop' } }],
    ['a name that is none', { name: 'Shop' }, 'metadata.name'],
    ['a label value that is none', { name: 'shop', labels: { a: 'b c' } }, 'metadata.labels.a'],
    ['a label key that is none', { name: 'shop', labels: { 'a b': 'c' } }, "metadata.labels['a b']"],
  ]),
];

export const verdictCases: readonly VerdictCase[] = [
  ...gateways,
  ...listenerSets,
  ...httpRoutes,
  ...backendTlsPolicies,
  ...grpcRoutes,
  ...others,
];

// BackendTLSPolicies, and what an API server says to them.
import { cases, gatewayApi, object, type Json, type VerdictCase } from './verdict-case.ts';

const policy = (spec: Json): Json =>
  object(gatewayApi, 'BackendTLSPolicy', {
    spec: { targetRefs: [service], validation: { ...authorities, hostname: 'a.example.com' }, ...spec },
  });
const service = { group: '', kind: 'Service', name: 'shop' };
const authorities = { caCertificateRefs: [{ group: '', kind: 'ConfigMap', name: 'ca' }] };
const targets = (targetRefs: readonly Json[]): Json => policy({ targetRefs });
const validation = (fields: Json): Json => policy({ validation: { hostname: 'a.example.com', ...fields } });
const names = (subjectAltNames: readonly Json[]): Json => validation({ ...authorities, subjectAltNames });

const at = 'spec.validation';

export const backendTlsPolicies: readonly VerdictCase[] = [
  ...cases('BackendTLSPolicy', policy, [
    ['a policy', {}],
    ['options', { options: { 'example.com/min-version': '1.3' } }],
  ]),
  ...cases('BackendTLSPolicy', targets, [
    ['no target', [], 'spec.targetRefs'],
    ['a target without group', [{ kind: 'Service', name: 'shop' }], 'spec.targetRefs[0].group'],
    ['a Service twice', [service, service], 'spec.targetRefs'],
    ['a Service and a port of it', [service, { ...service, sectionName: 'https' }], 'spec.targetRefs'],
    [
      'two ports of a Service',
      [
        { ...service, sectionName: 'a' },
        { ...service, sectionName: 'b' },
      ],
    ],
    [
      'a port of a Service twice',
      [
        { ...service, sectionName: 'a' },
        { ...service, sectionName: 'a' },
      ],
      'spec.targetRefs',
    ],
    ['a target of another kind', [{ group: 'example.com', kind: 'Thing', name: 'shop' }]],
    [
      'seventeen targets',
      Array.from({ length: 17 }, (_, index) => ({ ...service, name: `s${index}` })),
      'spec.targetRefs',
    ],
  ]),
  ...cases('BackendTLSPolicy', validation, [
    ['authorities of the system', { wellKnownCACertificates: 'System' }],
    ["authorities of one's own", { wellKnownCACertificates: 'example.com/ours' }],
    ['unknown authorities', { wellKnownCACertificates: 'Mine' }, `${at}.wellKnownCACertificates`],
    ['no authorities', {}, at],
    ['both authorities', { ...authorities, wellKnownCACertificates: 'System' }, at],
    [
      'a reference without kind',
      { caCertificateRefs: [{ group: '', name: 'ca' }] },
      `${at}.caCertificateRefs[0].kind`,
    ],
    [
      'nine references',
      { caCertificateRefs: Array.from({ length: 9 }, () => authorities.caCertificateRefs[0]) },
      `${at}.caCertificateRefs`,
    ],
    ['a wildcard as name', { ...authorities, hostname: '*.example.com' }, `${at}.hostname`],
    ['no name', { ...authorities, hostname: '' }, `${at}.hostname`, `${at}.hostname`],
  ]),
  ...cases('BackendTLSPolicy', names, [
    ['a hostname', [{ type: 'Hostname', hostname: '*.example.com' }]],
    ['a URI', [{ type: 'URI', uri: 'spiffe://example.com/ns/a' }]],
    ['a URI without authority', [{ type: 'URI', uri: 'urn:a' }], `${at}.subjectAltNames[0].uri`],
    ['a name of no type', [{ hostname: 'a.example.com' }], `${at}.subjectAltNames[0].type`],
    ['a hostname that is missing', [{ type: 'Hostname' }], `${at}.subjectAltNames[0]`],
    ['a URI that is missing', [{ type: 'URI' }], `${at}.subjectAltNames[0]`],
    [
      'a URI beside a hostname',
      [{ type: 'Hostname', hostname: 'a.example.com', uri: 'spiffe://a/b' }],
      `${at}.subjectAltNames[0]`,
    ],
    [
      'a hostname beside a URI',
      [{ type: 'URI', hostname: 'a.example.com', uri: 'spiffe://a/b' }],
      `${at}.subjectAltNames[0]`,
    ],
    [
      'six names',
      Array.from({ length: 6 }, () => ({ type: 'Hostname', hostname: 'a.example.com' })),
      `${at}.subjectAltNames`,
    ],
  ]),
];

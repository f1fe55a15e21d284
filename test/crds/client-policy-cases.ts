import type { RuleCase, SchemaCase } from './cases.ts';
import { manifest, needs, type Json } from './manifest.ts';
import { bitsBeyondLength, noNetwork } from './networks.ts';

const edge = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' };
const web = { ...edge, sectionName: 'web' };
const limits = { maxHeaders: 50 };
const hops = { type: 'XForwardedFor', xForwardedFor: { type: 'Hops', hops: 1 } };

function policy(spec: Json): Json {
  return manifest('ClientPolicy', { targetRefs: [edge], ...spec });
}

function trusting(xForwardedFor: Json): Json {
  return policy({ clientAddress: { type: 'XForwardedFor', xForwardedFor } });
}

export const clientPolicyRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: 'one target is named both whole and by sectionName: give each of its entries a sectionName, or keep the whole one alone',
    valid: policy({ targetRefs: [web, { ...edge, sectionName: 'other' }], limits }),
    invalid: policy({ targetRefs: [edge, web], limits }),
  },
  {
    rule: 'a target is named twice: remove one of the two entries',
    valid: policy({ targetRefs: [edge, { ...edge, name: 'other' }], limits }),
    invalid: policy({ targetRefs: [web, web], limits }),
  },
  {
    rule: 'nothing is set: add a setting',
    valid: policy({ http2: { maxConcurrentStreams: 10 } }),
    invalid: policy({}),
  },
  {
    rule: needs('XForwardedFor', 'xForwardedFor'),
    valid: policy({ clientAddress: hops }),
    invalid: policy({ clientAddress: { ...hops, type: 'Connection' } }),
  },
  {
    rule: needs('Hops', 'hops'),
    valid: trusting({ type: 'Hops', hops: 16 }),
    invalid: trusting({ type: 'Hops' }),
  },
  {
    rule: needs('Sources', 'sources'),
    valid: trusting({ type: 'Sources', sources: ['10.0.0.0/8', '2001:db8::/32'] }),
    invalid: trusting({ type: 'Hops', hops: 1, sources: ['10.0.0.0/8'] }),
  },
  {
    rule: noNetwork,
    valid: trusting({ type: 'Sources', sources: ['0.0.0.0/0', '::/0', '2001:db8::1.2.3.4/128'] }),
    invalid: trusting({ type: 'Sources', sources: ['2001:db8/32'] }),
  },
  {
    rule: noNetwork,
    valid: policy({ proxyProtocol: { sources: ['10.0.0.1/32'] } }),
    invalid: policy({ proxyProtocol: { sources: ['::ffff:10.0.0.0/104'] } }),
  },
  {
    rule: bitsBeyondLength,
    valid: policy({ proxyProtocol: { sources: ['10.0.0.0/8', '2001:DB8:0::/32', '2001:db8::1/128'] } }),
    invalid: policy({ proxyProtocol: { sources: ['10.0.0.0/8', '10.0.0.1/8'] } }),
  },
  {
    rule: bitsBeyondLength,
    valid: trusting({ type: 'Sources', sources: ['192.168.1.128/25', 'fe80::/10'] }),
    invalid: trusting({ type: 'Sources', sources: ['2001:db8::1/64'] }),
  },
  {
    rule: 'nothing would be spoken: leave http1 or http2 on',
    valid: policy({ protocols: { http1: false, grpcWeb: true } }),
    invalid: policy({ protocols: { http1: false, http2: false } }),
  },
  {
    rule: 'cipherSuites are those of TLS 1.2: set minVersion to 1.2, or remove them',
    valid: policy({ tls: { cipherSuites: ['ECDHE-RSA-AES128-GCM-SHA256'], alpn: ['http/1.1'] } }),
    invalid: policy({ tls: { minVersion: '1.3', cipherSuites: ['ECDHE-RSA-AES128-GCM-SHA256'] } }),
  },
  {
    rule: 'must be longer than 0s',
    valid: policy({ timeouts: { idle: '1m', tunnelIdle: '24h' } }),
    invalid: policy({ timeouts: { idle: '0s' } }),
  },
  {
    rule: 'forwardedHeaders of Append and Keep believe what the client says: add clientAddress of type XForwardedFor, or use Replace or Remove',
    valid: policy({ clientAddress: hops, forwardedHeaders: { xForwarded: 'Append', forwarded: 'Keep' } }),
    invalid: policy({ forwardedHeaders: { forwarded: 'Keep' } }),
  },
  {
    rule: 'limits.maxConnections, maxConnectionsPerAddress, maxBufferedBytes hold for all ports together: remove sectionName, or move them into a policy of the whole Gateway',
    valid: policy({ limits: { maxConnections: 10, maxConnectionsPerAddress: 0, maxBufferedBytes: '1Gi' } }),
    invalid: policy({ targetRefs: [web], limits: { maxConnections: 10 } }),
  },
];

/** Some of what types, enums, patterns and bounds refuse. */
export const clientPolicySchemaCases: readonly SchemaCase[] = [
  {
    kind: 'ClientPolicy',
    what: 'a target that has no clients',
    path: 'spec.targetRefs[0].kind',
    invalid: policy({ targetRefs: [{ ...edge, kind: 'HTTPRoute' }], limits }),
  },
  {
    kind: 'ClientPolicy',
    what: 'no room for the head of a request',
    path: 'spec.limits.maxHeadBytes',
    invalid: policy({ limits: { maxHeadBytes: '0' } }),
  },
  {
    kind: 'ClientPolicy',
    what: 'a version of TLS that is not spoken any more',
    path: 'spec.tls.minVersion',
    invalid: policy({ tls: { minVersion: '1.1' } }),
  },
  {
    kind: 'ClientPolicy',
    what: 'a word for true that is none',
    path: 'spec.protocols.http2',
    invalid: policy({ protocols: { http2: 'yes' } }),
  },
  {
    kind: 'ClientPolicy',
    what: 'nobody to trust',
    path: 'spec.proxyProtocol.sources',
    invalid: policy({ proxyProtocol: { sources: [] } }),
  },
];

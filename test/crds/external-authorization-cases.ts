import type { RuleCase } from './cases.ts';
import { manifest, needs, type Json } from './manifest.ts';

const shop = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' };
const backendRef = { name: 'doorman', port: 8080 };

function asking(fields: Json): Json {
  return manifest('AuthPolicy', { targetRefs: [shop], rules: { externalAuthorization: fields } });
}

const outside = { type: 'URI', uri: 'https://decide.example.com' };

function oneOfCase(type: string, field: string): Omit<RuleCase, 'kind'> {
  return {
    rule: `type ${type} needs the field ${field} and no other type may have it: add ${field}, remove it, or change type`,
    valid: asking({ type, [field]: { backendRef } }),
    invalid: asking({ type }),
  };
}

/** Of a service that says whether a request may pass. */
export const externalAuthorizationRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: 'must be longer than 0s and at most 30s: a request waits for it',
    valid: asking({
      http: { backendRef },
      timeout: '500ms',
      cache: { headers: ['x-tenant'], duration: '10s' },
    }),
    invalid: asking({ http: { backendRef }, timeout: '0s' }),
  },
  oneOfCase('HTTP', 'http'),
  oneOfCase('GRPC', 'grpc'),
  {
    rule: needs('Backend', 'backendRef'),
    valid: asking({ http: { backendRef } }),
    invalid: asking({ http: { ...outside, backendRef } }),
  },
  {
    rule: needs('URI', 'uri'),
    valid: asking({ http: { ...outside, pathPrefix: '/check' } }),
    invalid: asking({ http: { type: 'URI' } }),
  },
  {
    rule: 'this header belongs to the connection or the framing of the message: choose another, such as x-user',
    valid: asking({ http: { backendRef, headersToBackend: ['Authorization'] } }),
    invalid: asking({ http: { backendRef, headersToBackend: ['Content-Length'] } }),
  },
  {
    rule: 'caRef is for TLS to an address outside: remove it, or set type to URI',
    valid: asking({ type: 'GRPC', grpc: { ...outside, caRef: { name: 'company' } } }),
    invalid: asking({ type: 'GRPC', grpc: { backendRef, caRef: { name: 'company' } } }),
  },
  {
    rule: 'the service is told all headers, which are hardly equal twice: add cache.headers, or grpc.headersToService',
    valid: asking({ type: 'GRPC', grpc: { backendRef }, cache: { headers: [], duration: '10s' } }),
    invalid: asking({ type: 'GRPC', grpc: { backendRef }, cache: { duration: '10s' } }),
  },
];

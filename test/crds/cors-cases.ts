import type { RuleCase, SchemaCase } from './cases.ts';
import { manifest, type Json } from './manifest.ts';

const shop = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' };

function cors(fields: Json): Json {
  const rules = { authorize: [{ name: 'readers', methods: ['GET'] }], cors: fields };
  return manifest('AuthPolicy', { targetRefs: [shop], rules });
}

export const corsRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: "'*' means all: remove the other values, or '*'",
    valid: cors({ allowOrigins: ['*'], allowHeaders: ['*'] }),
    invalid: cors({ allowOrigins: ['*', 'https://app.example.com'] }),
  },
  {
    rule: "with allowCredentials, '*' in exposeHeaders exposes nothing: name the headers",
    valid: cors({ allowCredentials: true, exposeHeaders: ['X-Order'] }),
    invalid: cors({ allowCredentials: true, exposeHeaders: ['*'] }),
  },
  ...['*', 'http://*', 'https://*', 'https://*:8443'].map((origin) => ({
    rule: 'with allowCredentials, pages of any origin could act for whoever looks at them: name the origins',
    valid: cors({ allowOrigins: [origin] }),
    invalid: cors({ allowCredentials: true, allowOrigins: [origin] }),
  })),
  {
    rule: 'with allowCredentials, pages of any origin could act for whoever looks at them: name the origins',
    valid: cors({
      allowCredentials: true,
      allowOrigins: ['https://*.example.com', 'https://a.example:8443'],
    }),
    invalid: cors({ allowCredentials: true, allowOrigins: ['https://a.example', 'http://*:80'] }),
  },
];

export const corsSchemaCases: readonly SchemaCase[] = [
  {
    kind: 'AuthPolicy',
    what: 'an origin with a path',
    path: 'spec.rules.cors.allowOrigins[0]',
    invalid: cors({ allowOrigins: ['https://app.example.com/a'] }),
  },
];

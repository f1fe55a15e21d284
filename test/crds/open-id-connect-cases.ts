import type { RuleCase } from './cases.ts';
import { manifest, needs, type Json } from './manifest.ts';

const shop = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' };
const backend = { backendRef: { name: 'ids', port: 8080 } };
const login = { issuer: 'https://id.example.com', client: { id: 'shop' } };

function ways(...all: readonly Json[]): Json {
  const authenticate = all.map((one, index) => ({ name: `people${index}`, type: 'OpenIDConnect', ...one }));
  return manifest('AuthPolicy', { targetRefs: [shop], rules: { authenticate } });
}

function openIDConnect(fields: Json): Json {
  return ways({ openIDConnect: { ...login, ...fields } });
}

/** Of the way in by a login in the browser. */
export const openIdConnectRules: readonly Omit<RuleCase, 'kind'>[] = [
  { rule: needs('OpenIDConnect', 'openIDConnect'), valid: openIDConnect({}), invalid: ways({}) },
  {
    rule: 'has two logins: nobody could say at which one to log in; remove one of type OpenIDConnect',
    valid: openIDConnect({}),
    invalid: ways({ openIDConnect: login }, { openIDConnect: login }),
  },
  {
    rule: needs('Backend', 'backend'),
    valid: openIDConnect({ provider: { type: 'Backend', backend } }),
    invalid: openIDConnect({ provider: { backend } }),
  },
  {
    rule: 'an issuer is asked over https only: its name must begin with https://, or its Service must be named by type Backend',
    valid: openIDConnect({ issuer: 'http://id.example.com', provider: { type: 'Backend', backend } }),
    invalid: openIDConnect({ issuer: 'http://id.example.com' }),
  },
  {
    rule: "is where the issuer's configuration stands: name the issuer alone, without /.well-known/openid-configuration",
    valid: openIDConnect({}),
    invalid: openIDConnect({ issuer: 'https://id.example.com/.well-known/openid-configuration' }),
  },
  {
    rule: 'redirectPath, logoutPath and backChannelLogoutPath must be different',
    valid: openIDConnect({ redirectPath: '/in', logoutPath: '/out', backChannelLogoutPath: '/told' }),
    invalid: openIDConnect({ redirectPath: '/in', logoutPath: '/out', backChannelLogoutPath: '/out' }),
  },
  {
    rule: 'must be at most 168h: older cookies cannot be read',
    valid: openIDConnect({ sessionLifetime: '168h' }),
    invalid: openIDConnect({ sessionLifetime: '169h' }),
  },
  {
    rule: 'must be at most 30s: a browser waits for it',
    valid: openIDConnect({ timeout: '30s' }),
    invalid: openIDConnect({ timeout: '31s' }),
  },
];

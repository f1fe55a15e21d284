import type { RuleCase, SchemaCase } from './cases.ts';
import { manifest, needs, type Json } from './manifest.ts';

const shop = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' };
const rsa = { kty: 'RSA', kid: 'one', n: 'sXch', e: 'AQAB', 'x5t#S256': 'kept' };
const inline = (key: Json): Json => ({ type: 'Inline', inline: { keys: [key] } });
const remote = (value: Json): Json => ({ type: 'Remote', remote: value });
const service = { name: 'keys', port: 8080 };

export function jwtWay(jwt: Json): Json {
  return { name: 'staff', type: 'JWT', jwt: { issuer: 'https://id.example.com', jwks: inline(rsa), ...jwt } };
}

function auth(...authenticate: readonly Json[]): Json {
  return manifest('AuthPolicy', { targetRefs: [shop], rules: { authenticate } });
}

function jwt(fields: Json): Json {
  return auth(jwtWay(fields));
}

function source(value: Json): Json {
  return jwt({ sources: [value] });
}

function backend(fields: Json): Json {
  const caRef = { kind: 'Secret', name: 'authority' };
  return remote({ type: 'Backend', backend: { backendRef: service, path: '/jwks', ...fields }, caRef });
}

function missingMembers(kty: string, names: string): string {
  return `a key of type ${kty} needs ${names}: add them, with their names in quotes (YAML may read n and y as booleans)`;
}

const stream = { backendRef: { name: 'redis', port: 6379 }, stream: 'revoked' };

export const jwtRules: readonly Omit<RuleCase, 'kind'>[] = [
  {
    rule: needs('Redis', 'redis'),
    valid: jwt({ revocation: { type: 'Redis', redis: stream } }),
    invalid: jwt({ revocation: { type: 'Redis', configMapRef: { name: 'revoked', key: 'list' } } }),
  },
  {
    rule: 'must be from 10s to 24h: what is revoked meanwhile passes for so long',
    valid: jwt({ revocation: { type: 'Redis', redis: { ...stream, maxStale: '24h' } } }),
    invalid: jwt({ revocation: { type: 'Redis', redis: { ...stream, maxStale: '9s' } } }),
  },
  { rule: needs('JWT', 'jwt'), valid: auth(jwtWay({})), invalid: auth({ name: 'staff', type: 'JWT' }) },
  {
    rule: needs('Inline', 'inline'),
    valid: jwt({ jwks: inline(rsa) }),
    invalid: jwt({ jwks: { type: 'Inline', remote: { uri: 'https://id.example.com/jwks' } } }),
  },
  {
    rule: needs('ConfigMap', 'configMapRef'),
    valid: jwt({ jwks: { type: 'ConfigMap', configMapRef: { name: 'keys', key: 'jwks.json' } } }),
    invalid: jwt({ jwks: { type: 'ConfigMap' } }),
  },
  {
    rule: needs('Secret', 'secretRef'),
    valid: jwt({ jwks: { type: 'Secret', secretRef: { name: 'keys', key: 'jwks.json' } } }),
    invalid: jwt({ jwks: { ...inline(rsa), secretRef: { name: 'keys', key: 'jwks.json' } } }),
  },
  {
    rule: needs('Remote', 'remote'),
    valid: jwt({ jwks: remote({ uri: 'https://id.example.com/jwks' }) }),
    invalid: jwt({ jwks: { type: 'Remote' } }),
  },
  {
    rule: needs('URI', 'uri'),
    valid: jwt({ jwks: remote({ type: 'URI', uri: 'https://id.example.com/jwks?v=1' }) }),
    invalid: jwt({ jwks: remote({}) }),
  },
  {
    rule: needs('Backend', 'backend'),
    valid: jwt({ jwks: remote({ type: 'Backend', backend: { backendRef: service, path: '/jwks' } }) }),
    invalid: jwt({
      jwks: remote({ uri: 'https://a.example', backend: { backendRef: service, path: '/jwks' } }),
    }),
  },
  {
    rule: 'keys are fetched over https only: change the scheme to https, or name a Service with type Backend',
    valid: jwt({ jwks: remote({ uri: 'https://id.example.com:8443/jwks' }) }),
    invalid: jwt({ jwks: remote({ uri: 'http://id.example.com/jwks' }) }),
  },
  {
    rule: 'a reference to a Service needs its port: add port',
    valid: jwt({ jwks: remote({ type: 'Backend', backend: { backendRef: service, path: '/' } }) }),
    invalid: jwt({ jwks: remote({ type: 'Backend', backend: { backendRef: { name: 'keys' }, path: '/' } }) }),
  },
  {
    rule: 'this is a private key: remove d and the other private members, publish only the public part',
    valid: jwt({ jwks: inline(rsa) }),
    invalid: jwt({ jwks: inline({ ...rsa, d: 'cHJpdmF0ZQ' }) }),
  },
  {
    rule: missingMembers('RSA', 'n, e'),
    valid: jwt({ jwks: inline(rsa) }),
    invalid: jwt({ jwks: inline({ kty: 'RSA', e: 'AQAB' }) }),
  },
  {
    rule: missingMembers('EC', 'crv, x, y'),
    valid: jwt({ jwks: inline({ kty: 'EC', crv: 'P-256', x: 'eA', y: 'eQ' }) }),
    invalid: jwt({ jwks: inline({ kty: 'EC', crv: 'P-256', x: 'eA' }) }),
  },
  {
    rule: missingMembers('OKP', 'crv, x'),
    valid: jwt({ jwks: inline({ kty: 'OKP', crv: 'Ed25519', x: 'eA' }) }),
    invalid: jwt({ jwks: inline({ kty: 'OKP', x: 'eA' }) }),
  },
  {
    rule: 'must be at most 5m: correct the clocks instead',
    valid: jwt({ clockSkew: '5m' }),
    invalid: jwt({ clockSkew: '5m1ms' }),
  },
  {
    rule: 'backends read something else in this header (a credential, the client, the connection, the framing): choose another, such as x-user',
    valid: jwt({ claimsToHeaders: [{ claim: 'sub', header: 'x-user' }] }),
    invalid: jwt({ claimsToHeaders: [{ claim: 'sub', header: 'Authorization' }] }),
  },
  {
    rule: "is where the issuer's configuration stands: name the issuer alone, without /.well-known/openid-configuration",
    valid: jwt({ issuer: 'https://id.example.com' }),
    invalid: jwt({ issuer: 'https://id.example.com/.well-known/openid-configuration' }),
  },
  {
    rule: "is where the issuer's configuration stands, not its keys: set type to Discovery, or name the jwks_uri that is told there",
    valid: jwt({ jwks: remote({ uri: 'https://id.example.com/.well-known/jwks.json' }) }),
    invalid: jwt({ jwks: remote({ uri: 'https://id.example.com/.well-known/openid-configuration' }) }),
  },
  {
    rule: 'two entries name the same header (upper and lower case are one): remove one',
    valid: jwt({
      claimsToHeaders: [
        { claim: 'sub', header: 'x-user' },
        { claim: 'sub', header: 'x-id' },
      ],
    }),
    invalid: jwt({
      claimsToHeaders: [
        { claim: 'sub', header: 'x-user' },
        { claim: 'id', header: 'X-User' },
      ],
    }),
  },
  {
    rule: 'must be at least 15m: keys are fetched anew every 5 minutes or so',
    valid: jwt({ jwks: remote({ uri: 'https://id.example.com/jwks', maxStale: '15m' }) }),
    invalid: jwt({ jwks: remote({ uri: 'https://id.example.com/jwks', maxStale: '14m59s' }) }),
  },
  {
    rule: 'caRef is for TLS: add backend.tls, or remove caRef',
    valid: jwt({ jwks: backend({ tls: {} }) }),
    invalid: jwt({ jwks: backend({}) }),
  },
  {
    rule: 'an issuer is asked where its keys are over https only: its name must be such an address, or the keys named by type URI',
    valid: jwt({ issuer: 'https://id.example.com/realms/a', jwks: remote({ type: 'Discovery' }) }),
    invalid: jwt({ issuer: 'https://id.example.com/ ca=x', jwks: remote({ type: 'Discovery' }) }),
  },
  {
    rule: needs('SharedSecret', 'sharedSecret'),
    valid: jwt({ jwks: { type: 'SharedSecret', sharedSecret: { secretRef: { name: 'a', key: 'b' } } } }),
    invalid: jwt({ jwks: { type: 'SharedSecret', secretRef: { name: 'a', key: 'b' } } }),
  },
  {
    rule: 'must be longer than 0s',
    valid: jwt({ maxAge: '1h' }),
    invalid: jwt({ maxAge: '0s' }),
  },
  {
    rule: needs('Header', 'header'),
    valid: source({ type: 'Header', header: { name: 'x-token' } }),
    invalid: source({ type: 'Header' }),
  },
  {
    rule: needs('Cookie', 'cookie'),
    valid: source({ type: 'Cookie', cookie: { name: 'at' } }),
    invalid: source({ type: 'Query', query: { name: 'at' }, cookie: { name: 'at' } }),
  },
  {
    rule: needs('Query', 'query'),
    valid: source({ type: 'Query', query: { name: 'access_token' } }),
    invalid: source({ type: 'Query' }),
  },
  {
    rule: 'no credential can be in this header: name another, or a cookie with type Cookie',
    valid: source({ type: 'Header', header: { name: 'Authorization', scheme: 'DPoP' } }),
    invalid: source({ type: 'Header', header: { name: 'Cookie' } }),
  },
];

const issuer = 'spec.rules.authenticate[0].jwt.issuer';

export const jwtSchemaCases: readonly SchemaCase[] = [
  { kind: 'AuthPolicy', what: 'a missing field', path: issuer, invalid: jwt({ issuer: null }) },
  { kind: 'AuthPolicy', what: 'a wrong type', path: issuer, invalid: jwt({ issuer: 1 }) },
  {
    kind: 'AuthPolicy',
    what: 'a line end',
    path: issuer,
    invalid: jwt({ issuer: 'https://id.example.com\n' }),
  },
  {
    kind: 'AuthPolicy',
    what: 'two ways with one name',
    path: 'spec.rules.authenticate[1]',
    invalid: auth(jwtWay({}), jwtWay({})),
  },
  {
    kind: 'AuthPolicy',
    what: 'a symmetric key',
    path: 'spec.rules.authenticate[0].jwt.jwks.inline.keys[0].kty',
    invalid: jwt({ jwks: inline({ kty: 'oct', k: 'c2VjcmV0' }) }),
  },
  {
    kind: 'AuthPolicy',
    what: 'an address with a user in it',
    path: 'spec.rules.authenticate[0].jwt.jwks.remote.uri',
    invalid: jwt({ jwks: remote({ uri: 'https://me@id.example.com/jwks' }) }),
  },
  {
    kind: 'AuthPolicy',
    what: 'a parameter that no query can have',
    path: 'spec.rules.authenticate[0].jwt.sources[0].query.name',
    invalid: source({ type: 'Query', query: { name: 'a&b' } }),
  },
  {
    kind: 'AuthPolicy',
    what: 'authorities in another kind of object',
    path: 'spec.rules.authenticate[0].jwt.jwks.remote.caRef.kind',
    invalid: jwt({
      jwks: remote({ type: 'URI', uri: 'https://id.example.com/', caRef: { kind: 'Pod', name: 'a' } }),
    }),
  },
  {
    kind: 'AuthPolicy',
    what: 'a claim that is asked for twice',
    path: 'spec.rules.authenticate[0].jwt.requiredClaims[1]',
    invalid: jwt({ requiredClaims: [{ claim: 'plan', values: ['gold'] }, { claim: 'plan' }] }),
  },
];

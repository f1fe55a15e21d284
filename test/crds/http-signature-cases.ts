import type { RuleCase } from './cases.ts';
import { manifest, needs, type Json } from './manifest.ts';

const shop = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'shop' };
const jwks = (value: Json): Json => ({ type: 'JWKS', jwks: value });
const shared = { type: 'SharedSecrets', sharedSecrets: { secretRef: { name: 'signers' } } };

function way(one: Json): Json {
  const rules = { authenticate: [{ name: 'signed', type: 'HTTPSignature', ...one }] };
  return manifest('AuthPolicy', { targetRefs: [shop], rules });
}

function signature(fields: Json): Json {
  return way({ httpSignature: { keys: shared, ...fields } });
}

const inSecret = { secretRef: { name: 'keys', key: 'secret' } };

/** Of the way in by a signature of the request. */
export const httpSignatureRules: readonly Omit<RuleCase, 'kind'>[] = [
  { rule: needs('HTTPSignature', 'httpSignature'), valid: signature({}), invalid: way({}) },
  {
    rule: needs('JWKS', 'jwks'),
    valid: signature({ keys: jwks({ type: 'Secret', secretRef: { name: 'keys', key: 'jwks.json' } }) }),
    invalid: signature({ keys: { type: 'JWKS' } }),
  },
  {
    rule: needs('SharedSecrets', 'sharedSecrets'),
    valid: signature({ keys: shared }),
    invalid: signature({ keys: { type: 'SharedSecrets' } }),
  },
  {
    rule: 'a shared secret has no keyid here: name it by type SharedSecrets of keys',
    valid: signature({ keys: jwks({ type: 'ConfigMap', configMapRef: { name: 'keys', key: 'jwks.json' } }) }),
    invalid: signature({ keys: jwks({ type: 'SharedSecret', sharedSecret: inSecret }) }),
  },
  {
    rule: 'signatures name no issuer that could be asked: name the keys by type URI',
    valid: signature({ keys: jwks({ type: 'Remote', remote: { uri: 'https://id.example.com/jwks' } }) }),
    invalid: signature({ keys: jwks({ type: 'Remote', remote: { type: 'Discovery' } }) }),
  },
  {
    rule: 'must be at most 1h: whoever has seen a request could send it again for so long',
    valid: signature({ maxAge: '1h' }),
    invalid: signature({ maxAge: '61m' }),
  },
  {
    rule: 'must be at most 5m: correct the clocks instead',
    valid: signature({ clockSkew: '5m' }),
    invalid: signature({ clockSkew: '6m' }),
  },
];

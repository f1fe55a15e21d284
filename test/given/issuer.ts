// An issuer of tokens that serves its keys over HTTP, and can change them.
import { givenBackend } from './backend.ts';
import type { GivenBackend } from './backend.ts';
import { issuerKey } from './token.ts';
import type { IssuerKey } from './token.ts';

export const issuerName = 'https://id.example.com';

/** `jwks` of a policy: the keys of a {@link GivenIssuer} behind port 80 of the Service `issuer`. */
export const issuerJwks =
  '{ type: Remote, remote: { type: Backend, backend: { backendRef: { name: issuer, port: 80 }, path: /jwks.json } } }';

/** `/jwks.json` on loopback; signs for `shop`, good for five minutes of the real time. */
export interface GivenIssuer extends AsyncDisposable {
  readonly backend: GivenBackend;
  /** A token of `ada` by the newest key, but for the claims that are told. */
  token(claims?: Record<string, unknown>): Promise<string>;
  /** The same, with header and claims exactly as told. */
  rawToken(header: object, claims: object): string;
  /** The claims of a token that passes. */
  claims(): Record<string, unknown>;
  /** From now on another key, named `kid`, is served and used. */
  rotate(kid: string): Promise<void>;
}

export async function givenIssuer(): Promise<GivenIssuer> {
  let key: IssuerKey = await issuerKey('first');
  const backend = await givenBackend('issuer', {
    answer(_, answer) {
      const { kid, kty, alg, crv, x, y } = key.jwk;
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify({ keys: [{ kid, kty, alg, crv, x, y, use: 'sig' }] }));
    },
  });
  const claims = (): Record<string, unknown> => ({
    iss: issuerName,
    aud: 'shop',
    sub: 'ada',
    exp: Math.floor(Date.now() / 1000) + 300,
  });
  return {
    backend,
    claims,
    token: (changes = {}) => key.sign({ ...claims(), ...changes }),
    rawToken: (header, body) => key.signRaw(header, body),
    async rotate(kid) {
      key = await issuerKey(kid);
    },
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
}

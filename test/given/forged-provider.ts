// A provider that says what a test has it say. It logs nobody in: browsers come back at once.
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { IssuerKey } from './token.ts';

export interface ForgedProvider extends AsyncDisposable {
  readonly issuer: string;
  readonly port: number;
  readonly clientId: string;
  readonly clientSecret: null;
  readonly endSession: string;
  /** Of the ID tokens to come, beside or in place of what is right. */
  claims: Record<string, unknown>;
  /** An ID token in place of one with {@link claims}. */
  idToken: string | null;
  /** Members of the answer, beside or in place of what is right. */
  answer: Record<string, unknown>;
  /** The nonce that the browser was sent off with. */
  nonce: string;
  /** All forms that the token endpoint got. */
  readonly forms: URLSearchParams[];
}

/** Signs by `key`. */
export async function givenForgedProvider(key: IssuerKey): Promise<ForgedProvider> {
  const server = http.createServer((request, response) => {
    void text(request).then(async (form) => {
      given.forms.push(new URLSearchParams(form));
      const iat = Math.floor(Date.now() / 1000);
      const claims = { iss: given.issuer, aud: 'shop', sub: 'ada', iat, exp: iat + 300, nonce: given.nonce };
      const usual = {
        access_token: 'of-ada',
        token_type: 'Bearer',
        expires_in: 300,
        id_token: given.idToken ?? (await key.sign({ ...claims, ...given.claims })),
      };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ...usual, ...given.answer }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const given: ForgedProvider = {
    issuer,
    port,
    clientId: 'shop',
    clientSecret: null,
    endSession: `${issuer}/end`,
    claims: {},
    idToken: null,
    answer: {},
    nonce: '',
    forms: [],
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return given;
}

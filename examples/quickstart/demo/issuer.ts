// A token issuer for demonstrations: gives a token to everybody who asks. Its key lives as long as its process.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { listening } from './hello.ts';

/** What tokens say of their issuer; shared/policies.yaml names it. */
export const issuer = 'http://issuer.default.svc';

/** Serves `/jwks.json` and `/token?user=NAME` on `host`:`port` until closed. */
export async function startIssuer(host: string, port: number): Promise<Server> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'demo', alg: 'ES256', use: 'sig' };

  const sign = (user: string): Promise<string> =>
    new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: 'demo' })
      .setIssuer(issuer)
      .setAudience('quickstart')
      .setSubject(user)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(privateKey);

  const server = createServer((request, answer) => {
    const [path, query] = (request.url ?? '/').split('?');
    if (path === '/jwks.json') {
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify({ keys: [jwk] }));
    } else if (path === '/token') {
      const user = new URLSearchParams(query).get('user') ?? 'ada';
      sign(user).then(
        (token) => answer.end(token),
        () => answer.writeHead(500).end(),
      );
    } else {
      answer.writeHead(404).end();
    }
  });
  return listening(server, host, port);
}

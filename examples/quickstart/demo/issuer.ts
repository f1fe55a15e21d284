// A token issuer for demonstrations: gives a token to everybody who asks. Its key lives as long as its process.
// Nothing but Node, so that it runs in a cluster from a ConfigMap as it is.
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { listening } from './hello.ts';

/** What tokens say of their issuer; shared/policies.yaml names it. */
export const issuer = 'http://issuer.default.svc';

/** Serves `/jwks.json` and `/token?user=NAME` on `host`:`port` until closed. */
export function startIssuer(host: string, port: number): Promise<Server> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'demo', alg: 'ES256', use: 'sig' }];

  /** A JSON Web Token (RFC 7519), good for an hour. */
  const tokenOf = (user: string): string => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, aud: 'quickstart', sub: user, iat: now, exp: now + 3600 };
    const signed = `${encoded({ alg: 'ES256', kid: 'demo' })}.${encoded(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  };

  const server = createServer((request, answer) => {
    const [path, query] = (request.url ?? '/').split('?');
    if (path === '/jwks.json') {
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify({ keys }));
    } else if (path === '/token') {
      answer.end(tokenOf(new URLSearchParams(query).get('user') ?? 'ada'));
    } else {
      answer.writeHead(404).end();
    }
  });
  return listening(server, host, port);
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

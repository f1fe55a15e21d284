import type { Server } from 'node:http';
import { startHello } from '../../examples/quickstart/demo/hello.ts';
import { startIssuer } from '../../examples/quickstart/demo/issuer.ts';

/** Starts the quickstart's services on the ports that its manifests name. Rejects with what is in the way. */
export async function startDemo(): Promise<readonly Server[]> {
  const started: Server[] = [];
  try {
    started.push(await startHello('hello-v1', '127.0.0.1', 7101));
    started.push(await startHello('hello-v2', '127.0.0.1', 7102));
    started.push(await startIssuer('127.0.0.1', 7103));
    return started;
  } catch (error) {
    for (const server of started) server.close();
    throw error;
  }
}

/** What to paste into another terminal, and what it shows. */
export function demoLines(base: string): readonly (readonly [what: string, command: string])[] {
  return [
    ['a route: 200', `curl -i ${base}/hello`],
    ['no token: 401', `curl -i ${base}/orders`],
    [
      'with a token: 200, and the backend sees x-user',
      `curl -i -H "Authorization: Bearer $(curl -s ${base}/token)" ${base}/orders`,
    ],
    [
      'five a minute, then 429 with Retry-After',
      `for i in 1 2 3 4 5 6; do curl -s -o /dev/null -w '%{http_code}\\n' ${base}/limited; done; curl -i ${base}/limited`,
    ],
    ['nine to one', `for i in $(seq 20); do curl -s ${base}/split; done | sort | uniq -c`],
  ];
}

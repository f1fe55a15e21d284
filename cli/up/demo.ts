import type { Server } from 'node:http';
import { startHello } from '../../examples/quickstart/demo/hello.ts';
import { startIssuer } from '../../examples/quickstart/demo/issuer.ts';

/** The quickstart's services on the ports that its manifests name; a port that is taken is a problem, the others run. */
export interface Demo {
  readonly problems: readonly string[];
  stop(): void;
}

const host = '127.0.0.1';
const services: readonly (readonly [name: string, port: number, start: (port: number) => Promise<Server>])[] =
  [
    ['hello-v1', 7101, (port) => startHello('hello-v1', host, port)],
    ['hello-v2', 7102, (port) => startHello('hello-v2', host, port)],
    ['issuer', 7103, (port) => startIssuer(host, port)],
  ];

/** Starts all of them that can be. */
export async function startDemo(): Promise<Demo> {
  const started: Server[] = [];
  const problems: string[] = [];
  for (const [name, port, start] of services) {
    try {
      started.push(await start(port));
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      const why = taken ? 'something else listens there' : String(error);
      problems.push(
        `demo service ${name}: port ${port} cannot be bound: ${why} (end it and start again, or give --no-demo)`,
      );
    }
  }
  return {
    problems,
    stop() {
      for (const server of started) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

/** What to paste into another terminal, and what it shows, for the quickstart's Gateway at `base`. */
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

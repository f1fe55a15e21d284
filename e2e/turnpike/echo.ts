// A backend that tells who it is and what it was asked: JSON {service, method, path, protocol, headers}, x-served-by, and
// in x-received how many bytes the request's body had; it answers once that is whole. Run as a process of its own (`node
// e2e/turnpike/echo.ts NAME ADDRESS PORT`) where its work must not slow the test down, and without arguments in a pod: on
// port 8080 (and the next ones, if the environment says PORTS), under the pod's name.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { hostname } from 'node:os';

export interface Echo {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** How many requests it has seen. */
  readonly requests: number;
  /** Takes no more connections and cuts those there are, as a pod that is gone does. */
  stop(): Promise<void>;
  /** Listens again. */
  start(): Promise<void>;
}

/** What the body of an answer tells. */
export interface Echoed {
  readonly service: string;
  readonly method: string;
  readonly path: string;
  /** `HTTP/1.1` */
  readonly protocol: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Resolves when it listens. */
export async function startEcho(name: string, address: string, port = 8080): Promise<Echo> {
  let requests = 0;
  const server = createServer((request, answer) => {
    requests += 1;
    let received = 0;
    request.on('data', (chunk: Buffer) => (received += chunk.length));
    request.on('end', () => {
      const { method, url, httpVersion, headers } = request;
      const protocol = `HTTP/${httpVersion}`;
      const body = JSON.stringify({ service: name, method, path: url, protocol, headers });
      answer.writeHead(200, {
        server: 'echo',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'x-served-by': name,
        'x-received': received,
      });
      answer.end(body);
    });
  });
  const start = async (): Promise<void> => {
    server.listen(port, address);
    await once(server, 'listening');
  };
  await start();
  return {
    start,
    name,
    address,
    port,
    get requests() {
      return requests;
    },
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

if (import.meta.main) {
  // As process 1 of a container it must say itself that a signal ends it; and it ends at once, with what it has.
  process.on('SIGTERM', () => process.exit(0));
  const [name = hostname(), address = '0.0.0.0', port = '8080'] = process.argv.slice(2);
  const ports = Number(process.env['PORTS'] ?? 1);
  for (let index = 0; index < ports; index += 1) {
    // Behind one address several ports are several endpoints, each with a name of its own.
    await startEcho(ports === 1 ? name : `${name}:${index}`, address, Number(port) + index);
  }
}

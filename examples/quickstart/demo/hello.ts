// A service that answers with what it saw: the backend of the quickstart.
import { createServer } from 'node:http';
import type { Server } from 'node:http';

/** Serves on `host`:`port` until closed; answers JSON {service, path, user}. */
export function startHello(service: string, host: string, port: number): Promise<Server> {
  const server = createServer((request, answer) => {
    const seen = { service, path: request.url, user: request.headers['x-user'] ?? null };
    answer.setHeader('content-type', 'application/json');
    answer.end(`${JSON.stringify(seen)}\n`);
  });
  return listening(server, host, port);
}

/** Resolves once the server listens, and rejects with the reason why it can't. */
export function listening(server: Server, host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

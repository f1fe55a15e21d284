import { tmpdir } from 'node:os';
import path from 'node:path';
import { addressIn } from '#e2e/cluster/namespace.ts';
import { ServerProcess } from '#e2e/cluster/server-process.ts';
import { ask } from '#e2e/turnpike/client.ts';

const program = path.join(import.meta.dirname, '../../e2e/turnpike/echo.ts');
const port = 8080;

/** The backend of all Services, at every address of the namespace: a process of its own, so that it answers whatever the measuring does. */
export async function startBackend(): Promise<ServerProcess> {
  const server = new ServerProcess({
    program: process.execPath,
    args: [program, 'backend', '0.0.0.0', String(port)],
    logFile: path.join(tmpdir(), 'backend.log'),
    isReady: async () => (await ask(addressIn('backend', 1), { path: '/' }, { port })).status === 200,
  });
  await server.whenReady();
  return server;
}

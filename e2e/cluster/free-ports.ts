import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the range that outgoing connections draw from, so that a server finds its port again when it is restarted.
const first = 20_000;
const last = 32_000;

/** `count` TCP ports of `address` on which nobody listens. Processes begin their search at different places. */
export async function freePorts(address: string, count: number): Promise<readonly number[]> {
  const found: number[] = [];
  let port = first + ((process.pid * 16) % (last - first));
  while (found.length < count) {
    if (await isFree(address, port)) found.push(port);
    port = port === last ? first : port + 1;
  }
  return found;
}

async function isFree(address: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, address);
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

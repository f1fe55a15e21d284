// The backend of slowloris-program.ts, in a process of its own: what slow clients cost it must not be the gateway's. Says its port.
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';

const large = Buffer.alloc(32_000_000);
const server = createServer({ requestTimeout: 0, headersTimeout: 0 }, (incoming, answer) => {
  incoming.resume();
  incoming.once('end', () => answer.end(incoming.url === '/large' ? large : 'served'));
});
server.listen(0, '127.0.0.1', 4096, () => {
  process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`);
});

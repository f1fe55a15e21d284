// The backend of slowloris-program.ts, in a process of its own: what slow clients cost it must not be the gateway's. Says its port.
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';

const piece = Buffer.alloc(64 * 1024);
const pieces = 500;

/** As much as the gateway takes, and no more at once: whoever is honest is answered by this process too. */
function answerLarge(answer: ServerResponse): void {
  let left = pieces;
  const more = (): void => {
    while (left > 0) {
      left -= 1;
      if (left === 0) answer.end(piece);
      else if (!answer.write(piece)) return;
    }
  };
  answer.setHeader('Content-Length', piece.length * pieces);
  answer.on('drain', more);
  more();
}

const server = createServer({ requestTimeout: 0, headersTimeout: 0 }, (incoming, answer) => {
  incoming.resume();
  incoming.once('end', () => {
    if (incoming.url === '/large') answerLarge(answer);
    else answer.end('served');
  });
});
server.listen(0, '127.0.0.1', 4096, () => {
  process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`);
});

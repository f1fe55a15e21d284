// A backend that takes: content of a declared length (thrown away, then answered), or messages of a WebSocket of exactly
// 1 KB (each answered with one). Only what the bench sends is understood. usage: taking-program.ts PORT
import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { answerFrame, maskedFrameLength } from '../loads/frames.ts';

const answer = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nCache-Control: no-store\r\nContent-Length: 5\r\n\r\ntaken',
  'latin1',
);

function accepted(head: string): string {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? '';
  const proof = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${proof}\r\n\r\n`;
}

function serve(socket: Socket): void {
  let head = '';
  /** Octets of content that are to come; -1 while a head is. */
  let wanted = -1;
  let messages = false;
  let taken = 0;
  const takeMessages = (octets: number): void => {
    taken += octets;
    for (; taken >= maskedFrameLength; taken -= maskedFrameLength) socket.write(answerFrame);
  };
  const takeContent = (data: Buffer): void => {
    if (wanted < 0) {
      head += data.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const rest = head.length - end - 4;
      if (/^upgrade: *websocket/im.test(head)) {
        socket.write(accepted(head));
        messages = true;
        takeMessages(rest);
        return;
      }
      wanted = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0) - rest;
      head = '';
    } else wanted -= data.length;
    if (wanted > 0) return;
    wanted = -1;
    socket.write(answer);
  };
  socket.on('data', (data: Buffer) => (messages ? takeMessages(data.length) : takeContent(data)));
  socket.on('error', () => socket.destroy());
  socket.setNoDelay(true);
}

createServer(serve).listen(Number(process.argv[2]), '127.0.0.1', 4096);

// Messages of 1 KB over 64 WebSockets, each answered with one before the next goes. usage: messages-program.ts PORT SECONDS
// Says a line of JSON: done, failed (sockets that were not switched, or ended), perSecond.
import { connect } from 'node:net';
import { answerFrame, messageFrame } from './frames.ts';

const port = Number(process.argv[2]);
const seconds = Number(process.argv[3]);
const opening =
  'GET /bench/socket HTTP/1.1\r\nHost: bench.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

let done = 0;
let failed = 0;
let over = false;
const beganMs = performance.now();

function talk(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let head = '';
    let taken = -1;
    socket.write(opening);
    socket.on('data', (data: Buffer) => {
      if (taken < 0) {
        head += data.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!head.startsWith('HTTP/1.1 101')) return void socket.destroy();
        taken = head.length - end - 4;
        socket.write(messageFrame);
        return;
      }
      taken += data.length;
      if (taken < answerFrame.length) return;
      taken -= answerFrame.length;
      done += 1;
      if (over) socket.destroy();
      else socket.write(messageFrame);
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      if (!over) failed += 1;
      resolve();
    });
    setTimeout(() => socket.destroy(), seconds * 1000 + 2000).unref();
  });
}

setTimeout(() => (over = true), seconds * 1000);
await Promise.all(Array.from({ length: 64 }, talk));
console.log(JSON.stringify({ done, failed, perSecond: done / ((performance.now() - beganMs) / 1000) }));

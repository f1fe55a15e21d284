// Keep-alive connections that make one request each and then stay. usage: idle-program.ts PORT COUNT FIRST-HOST
// Connects from 127.0.FIRST-HOST.1 on, 10,000 from each address. Says a line "open N" when all were answered, and ends
// with its input.
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const [port = 0, count = 0, firstHost = 0] = process.argv.slice(2).map(Number);
const request = 'GET /bench/small HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: bench/1.0 (linux)\r\n\r\n';
const sockets: Socket[] = [];
let next = 0;

function open(at: number): Promise<boolean> {
  return new Promise((resolve) => {
    const localAddress = `127.0.${firstHost + Math.floor(at / 10_000)}.1`;
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    socket.once('data', () => {
      sockets.push(socket);
      resolve(true);
    });
    socket.on('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.write(request);
  });
}

async function repeat(): Promise<void> {
  while (next < count) {
    const at = next;
    next += 1;
    await open(at);
  }
}

await Promise.all(Array.from({ length: 50 }, repeat));
console.log(`open ${sockets.filter((socket) => !socket.destroyed).length}`);
process.stdin.resume().once('end', () => process.exit(0));

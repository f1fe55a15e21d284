// Small GETs at a fixed rate over 64 keep-alive connections, whether answers come or not (an open loop): each millisecond
// those that are due go out, and the clock of each begins when it is due, not when a connection is free for it.
// usage: fixed-rate-program.ts PORT SECONDS PER-SECOND [FIELD ...]   Says a line of JSON: done, failed, perSecond, and the
// latency in microseconds p50, p95, p99, p999.
import { connect } from 'node:net';
import type { Socket } from 'node:net';

const [portText, secondsText, rateText, ...fields] = process.argv.slice(2);
const port = Number(portText);
const seconds = Number(secondsText);
const perMs = Number(rateText) / 1000;
const lines = ['GET /bench/small?x=1 HTTP/1.1', 'Host: bench.example', ...fields].join('\r\n');
const request = Buffer.from(`${lines}\r\n\r\n`, 'latin1');

interface Connection {
  readonly socket: Socket;
  dueMs: number;
  /** Octets of one answer, known from the first; all are alike. */
  answerLength: number;
  taken: number;
}

const latencies: number[] = [];
const free: Connection[] = [];
const waiting: number[] = [];
let failed = 0;
let ending = false;

function send(connection: Connection, dueMs: number): void {
  connection.dueMs = dueMs;
  connection.taken = 0;
  connection.socket.write(request);
}

function lengthOf(text: string): number {
  const end = text.indexOf('\r\n\r\n');
  const content = /^content-length: *(\d+)/im.exec(text)?.[1];
  return end < 0 || content === undefined ? Number.NaN : end + 4 + Number(content);
}

function open(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const connection: Connection = { socket, dueMs: -1, answerLength: 0, taken: 0 };
    socket.on('data', (data: Buffer) => {
      if (connection.taken === 0) {
        const text = data.toString('latin1');
        connection.answerLength = lengthOf(text);
        if (!text.startsWith('HTTP/1.1 200') || !(connection.answerLength > 0)) failed += 1;
      }
      connection.taken += data.length;
      if (connection.taken < connection.answerLength) return;
      if (connection.dueMs >= 0) latencies.push((performance.now() - connection.dueMs) * 1000);
      else resolve();
      const next = waiting.shift();
      if (next === undefined) free.push(connection);
      else send(connection, next);
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      if (!ending) failed += 1;
      resolve();
    });
    send(connection, -1);
  });
}

await Promise.all(Array.from({ length: 64 }, open));
const beganMs = performance.now();
let sent = 0;
await new Promise<void>((resolve) => {
  const tick = (): void => {
    const nowMs = performance.now();
    const due = Math.min(nowMs - beganMs, seconds * 1000) * perMs;
    for (; sent < Math.floor(due); sent += 1) {
      const connection = free.shift();
      if (connection === undefined) waiting.push(nowMs);
      else send(connection, nowMs);
    }
    if (nowMs - beganMs > seconds * 1000) resolve();
    else setTimeout(tick, 1);
  };
  tick();
});
const deadlineMs = performance.now() + 5000;
while (latencies.length < sent && performance.now() < deadlineMs)
  await new Promise((resolve) => setTimeout(resolve, 10));
ending = true;
latencies.sort((a, b) => a - b);
const at = (share: number): number => latencies[Math.ceil(latencies.length * share) - 1] ?? Number.NaN;
const result = {
  done: latencies.length,
  failed: failed + sent - latencies.length,
  perSecond: latencies.length / seconds,
  p50: at(0.5),
  p95: at(0.95),
  p99: at(0.99),
  p999: at(0.999),
};
console.log(JSON.stringify(result));
process.exit(0);

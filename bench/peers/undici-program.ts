// The process that peers/undici.ts measures: node:http in front, undici's dispatch behind, nothing between that can be
// left out. usage: undici-program.ts PORT BACKEND-PORT [CHAIN KEY]
import { readFileSync } from 'node:fs';
import http from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';

const [port, backendPort, chain, key] = process.argv.slice(2);
const pool = new Pool(`http://127.0.0.1:${backendPort}`, { connections: 64, pipelining: 1 });
const dropped = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer']);

function forwarded(request: IncomingMessage): string[] {
  const lines: string[] = [];
  const raw = request.rawHeaders;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? '';
    if (!dropped.has(name.toLowerCase())) lines.push(name, raw[at + 1] ?? '');
  }
  lines.push('X-Forwarded-For', request.socket.remoteAddress ?? '');
  return lines;
}

class Passing implements Dispatcher.DispatchHandler {
  readonly #answer: ServerResponse;

  constructor(answer: ServerResponse) {
    this.#answer = answer;
  }

  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    const raw = (controller.rawHeaders ?? []) as readonly Buffer[];
    const lines: string[] = [];
    for (let at = 0; at < raw.length; at += 2) {
      const name = raw[at]?.toString('latin1') ?? '';
      if (!dropped.has(name.toLowerCase())) lines.push(name, raw[at + 1]?.toString('latin1') ?? '');
    }
    this.#answer.writeHead(status, lines);
    // a client that is gone in the midst of an answer must not hold its connection to the backend for ever
    for (const event of ['drain', 'close']) this.#answer.on(event, () => controller.resume());
  }

  onResponseData(controller: Dispatcher.DispatchController, data: Buffer): void {
    if (!this.#answer.write(data) && !this.#answer.destroyed) controller.pause();
  }

  onResponseEnd(): void {
    this.#answer.end();
  }

  onResponseError(): void {
    if (this.#answer.headersSent) this.#answer.destroy();
    else this.#answer.writeHead(502).end();
  }
}

const answerer: RequestListener = (request, answer) => {
  const hasBody =
    request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  pool.dispatch(
    {
      path: request.url ?? '/',
      method: request.method ?? 'GET',
      headers: forwarded(request),
      body: hasBody ? request : null,
    },
    new Passing(answer),
  );
};

function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const backend = connect(Number(backendPort), '127.0.0.1');
  const raw = request.rawHeaders;
  const lines = Array.from({ length: raw.length / 2 }, (_, at) => `${raw[at * 2]}: ${raw[at * 2 + 1]}\r\n`);
  backend.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('')}\r\n`);
  backend.write(head);
  backend.pipe(socket).pipe(backend);
  backend.on('error', () => socket.destroy());
  socket.on('error', () => backend.destroy());
}

const server =
  chain === undefined || key === undefined
    ? http.createServer(answerer)
    : https.createServer(
        { cert: readFileSync(chain), key: readFileSync(key), ecdhCurve: 'X25519' },
        answerer,
      );
server.keepAliveTimeout = 600_000;
server.on('upgrade', upgrade);
server.listen(Number(port), '127.0.0.1', 4096);

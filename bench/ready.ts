// A proxy that accepts need not have read its configuration yet: it is ready when a request is answered.
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import { grpcMessage } from './backends/backends.ts';
import { benchHost } from './certificate.ts';
import type { Front } from './peers/peer.ts';

const readyWithinMs = 30_000;
const answerWithinMs = 2000;

/** The one method of the backend of gRPC. */
export const grpcMethod = '/bench.Echo/Unary';

/** Resolves when a request by this front has been answered by the backend. Rejects with what came last after 30 s. */
export async function untilReady(front: Front, port: number, fields: readonly string[]): Promise<void> {
  const deadlineMs = performance.now() + readyWithinMs;
  for (;;) {
    const outcome = await once(front, port, fields).catch((error: Error) => error.message);
    if (outcome === 'ready') return;
    if (performance.now() > deadlineMs) throw new Error(`not ready: ${outcome}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function once(front: Front, port: number, fields: readonly string[]): Promise<string> {
  const headers = Object.fromEntries(
    fields.map((field) => [
      field.slice(0, field.indexOf(':')).toLowerCase(),
      field.slice(field.indexOf(':') + 2),
    ]),
  );
  return front === 'Http2' || front === 'Grpc'
    ? overHttp2(front, port, headers)
    : overHttp1(front, port, headers);
}

function overHttp1(front: Front, port: number, headers: Record<string, string>): Promise<string> {
  const options = {
    port,
    host: '127.0.0.1',
    path: '/bench/small',
    timeout: answerWithinMs,
    agent: false,
    headers: { host: benchHost, ...headers },
  };
  return new Promise((resolve, reject) => {
    const request =
      front === 'Tls'
        ? https.request({ ...options, servername: benchHost, rejectUnauthorized: false })
        : http.request(options);
    request.once('response', (answer) => {
      resolve(answer.statusCode === 200 ? 'ready' : `status ${answer.statusCode}`);
      answer.resume();
    });
    request.once('timeout', () => request.destroy(new Error('no answer within 2 s')));
    request.once('error', reject);
    request.end();
  });
}

// h2load counts any 200, so a proxy that loses trailers would look fast: the status of the call is looked at here.
async function overHttp2(front: Front, port: number, headers: Record<string, string>): Promise<string> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  const calls = {
    ':method': 'POST',
    ':path': grpcMethod,
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  const gets = { ':path': '/bench/small' };
  try {
    return await new Promise((resolve, reject) => {
      session.once('error', reject);
      const stream = session.request({
        ':authority': benchHost,
        ...(front === 'Grpc' ? calls : gets),
        ...headers,
      });
      let status = '';
      stream.once('error', reject);
      stream.once('response', (head) => (status = `status ${head[':status'] ?? 0}`));
      stream.once('trailers', (trailers) => (status += `, grpc-status ${String(trailers['grpc-status'])}`));
      stream.once('close', () => {
        const wanted = front === 'Grpc' ? 'status 200, grpc-status 0' : 'status 200';
        resolve(status === wanted ? 'ready' : status || 'closed without an answer');
      });
      stream.setTimeout(answerWithinMs, () => reject(new Error('no answer within 2 s')));
      stream.resume().end(front === 'Grpc' ? grpcMessage : undefined);
    });
  } finally {
    session.destroy();
  }
}

import { once } from 'node:events';
import tls from 'node:tls';
import { readAnswers } from './raw-client.ts';

/** Shakes hands with a port of loopback; fails where that fails. Who is at the other end is not looked at. */
export async function aTlsClient(port: number, options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  socket.on('error', () => {});
  return socket;
}

/** The answer to a GET for `host` as the next thing on `socket`; fails where the connection ends before. */
export async function ask(
  socket: tls.TLSSocket,
  host: string,
): Promise<{ readonly status: number; readonly head: string }> {
  let received = '';
  const answered = Promise.withResolvers<void>();
  const take = (chunk: Buffer): void => {
    received += chunk.toString('latin1');
    if (readAnswers(received).answers.length === 1) answered.resolve();
  };
  const end = (): void => answered.reject(new Error('the connection was closed without an answer'));
  socket.on('data', take).once('close', end);
  if (socket.destroyed) end();
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  try {
    await answered.promise;
  } finally {
    socket.off('data', take).off('close', end);
  }
  const [answer] = readAnswers(received).answers;
  return { status: answer?.status ?? 0, head: answer?.head ?? '' };
}

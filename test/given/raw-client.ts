import { once } from 'node:events';
import net from 'node:net';

/** An answer as a raw client saw it. */
export interface SeenAnswer {
  readonly status: number;
  readonly head: string;
  /** Unframed content, latin1. */
  readonly body: string;
  readonly trailers: string;
}

/** What came of a conversation. */
export interface Conversation {
  /** Answers that were whole, interim ones included. */
  readonly answers: readonly SeenAnswer[];
  /** Octets behind them. */
  readonly rest: string;
  /** Whether the other side ended or cut the connection in time. */
  readonly closed: boolean;
  readonly raw: string;
}

/** A connection that speaks octets. */
export interface RawClient extends Disposable {
  readonly socket: net.Socket;
  send(octets: string | Buffer): void;
  /** What has come so far, latin1. */
  received(): string;
  /** Settles when `condition` holds of what has come; fails after 5 s. */
  until(condition: (received: string) => boolean): Promise<string>;
  /** Settles when the other side has closed; fails after 5 s. */
  untilClosed(): Promise<void>;
}

/** Connects to a port of loopback. */
export async function aRawClient(port: number): Promise<RawClient> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  let received = '';
  let closed = false;
  let changed = Promise.withResolvers<void>();
  const change = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    change();
  });
  for (const event of ['end', 'close']) {
    socket.on(event, () => {
      closed = true;
      change();
    });
  }
  socket.on('error', () => {});
  await once(socket, 'connect');
  const waitFor = async (holds: () => boolean, what: string): Promise<void> => {
    const deadline = AbortSignal.timeout(5_000);
    const over = once(deadline, 'abort');
    while (!holds()) {
      await Promise.race([changed.promise, over]);
      if (deadline.aborted && !holds()) throw new Error(`${what}; received: ${JSON.stringify(received)}`);
    }
  };
  return {
    socket,
    send: (octets) => void socket.write(octets, 'latin1'),
    received: () => received,
    async until(condition) {
      await waitFor(() => condition(received), 'what was waited for did not come');
      return received;
    },
    untilClosed: () => waitFor(() => closed, 'the connection was not closed'),
    [Symbol.dispose]: () => socket.destroy(),
  };
}

/** Sends octets and reads until the other side closes. */
export async function converse(port: number, octets: string | readonly string[]): Promise<Conversation> {
  using client = await aRawClient(port);
  for (const piece of typeof octets === 'string' ? [octets] : octets) {
    client.send(piece);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  let closed = true;
  try {
    await client.untilClosed();
  } catch {
    closed = false;
  }
  const raw = client.received();
  return { ...readAnswers(raw), closed, raw };
}

/** The whole answers in octets, read by a parser that is not ours. `headOnly`: statuses without content. */
export function readAnswers(octets: string): { answers: SeenAnswer[]; rest: string } {
  const answers: SeenAnswer[] = [];
  let rest = octets;
  for (;;) {
    const headEnd = rest.indexOf('\r\n\r\n');
    if (headEnd === -1 || !rest.startsWith('HTTP/1.1 ')) return { answers, rest };
    const head = rest.slice(0, headEnd);
    const status = Number(head.slice(9, 12));
    const content = readContent(head, status, rest.slice(headEnd + 4));
    if (content === null) return { answers, rest };
    answers.push({ status, head, body: content.body, trailers: content.trailers });
    rest = rest.slice(headEnd + 4 + content.length);
  }
}

interface Content {
  readonly body: string;
  readonly trailers: string;
  readonly length: number;
}

function readContent(head: string, status: number, octets: string): Content | null {
  if (status < 200 || status === 204 || status === 304) return { body: '', trailers: '', length: 0 };
  if (/^transfer-encoding: chunked/imu.test(head)) return readChunks(octets);
  const length = Number(/^content-length: (\d+)/imu.exec(head)?.[1] ?? octets.length);
  return octets.length < length ? null : { body: octets.slice(0, length), trailers: '', length };
}

function readChunks(octets: string): Content | null {
  let at = 0;
  let body = '';
  for (;;) {
    const lineEnd = octets.indexOf('\r\n', at);
    if (lineEnd === -1) return null;
    const size = Number.parseInt(octets.slice(at, lineEnd), 16);
    if (size === 0) {
      if (octets.startsWith('\r\n', lineEnd + 2)) return { body, trailers: '', length: lineEnd + 4 };
      const end = octets.indexOf('\r\n\r\n', lineEnd);
      return end === -1 ? null : { body, trailers: octets.slice(lineEnd + 2, end), length: end + 4 };
    }
    body += octets.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 2 + size + 2;
  }
}

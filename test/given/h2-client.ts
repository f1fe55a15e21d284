import { once } from 'node:events';
import http2 from 'node:http2';
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
} from 'node:http2';

/** An answer as node's client saw it. */
export interface H2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders | null;
  /** Interim answers, in order. */
  readonly interim: readonly number[];
}

/** What is asked; `body` goes at once, its end too. */
export interface H2Question {
  readonly headers?: http2.OutgoingHttpHeaders;
  readonly body?: Buffer | string;
  readonly trailers?: http2.OutgoingHttpHeaders;
}

/** A connection by prior knowledge to a port of loopback. */
export interface H2Client extends Disposable {
  readonly session: ClientHttp2Session;
  ask(question?: H2Question): Promise<H2Answer>;
  /** A request of which the test does the rest. */
  begin(headers: http2.OutgoingHttpHeaders, options?: http2.ClientSessionRequestOptions): ClientHttp2Stream;
}

export async function anH2Client(
  port: number,
  options: http2.SecureClientSessionOptions & { readonly scheme?: 'http' | 'https' } = {},
): Promise<H2Client> {
  const session = http2.connect(`${options.scheme ?? 'http'}://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    maxSessionMemory: 1000,
    ...options,
  });
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  const begin: H2Client['begin'] = (headers, requestOptions) =>
    session.request({ ':authority': 'a.test', ...headers }, requestOptions);
  return {
    session,
    begin,
    ask: ({ headers = {}, body, trailers } = {}) => {
      const hasContent = body !== undefined || trailers !== undefined;
      const stream = begin(
        { ':method': hasContent ? 'POST' : 'GET', ':path': '/', ...headers },
        { endStream: !hasContent, waitForTrailers: trailers !== undefined },
      );
      if (trailers !== undefined) stream.on('wantTrailers', () => stream.sendTrailers(trailers));
      if (hasContent) stream.end(body ?? '');
      return answerOf(stream);
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}

/** The whole answer on `stream`; rejects when it is reset. */
export async function answerOf(stream: ClientHttp2Stream): Promise<H2Answer> {
  const parts: Buffer[] = [];
  const interim: number[] = [];
  let headers: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
  let trailers: IncomingHttpHeaders | null = null;
  stream.on('headers', (seen) => interim.push(Number(seen[':status'])));
  stream.on('response', (seen) => (headers = seen));
  stream.on('trailers', (seen) => (trailers = seen));
  stream.on('data', (part: Buffer) => parts.push(part));
  await once(stream, 'close');
  if (stream.rstCode !== 0) throw new Error(`reset ${stream.rstCode}`);
  return { status: Number(headers[':status']), headers, body: Buffer.concat(parts), trailers, interim };
}

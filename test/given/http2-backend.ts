import { once } from 'node:events';
import http2 from 'node:http2';
import type { Http2Server, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Certificate } from '#snapshot/certificate.ts';

/** A request of HTTP/2 as a backend saw it, when its head had come. */
export interface SeenHttp2Request {
  readonly headers: IncomingHttpHeaders;
  /** The number of the connection it came by. */
  readonly connection: number;
}

/** What is done on a stream. */
export type RespondHttp2 = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** A backend by Node's own HTTP/2, in the clear (prior knowledge) or over TLS (ALPN). */
export interface Http2Backend extends AsyncDisposable {
  readonly port: number;
  readonly seen: readonly SeenHttp2Request[];
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  /** Connections it has taken. */
  connections(): number;
}

/** Answers 200 `ok` to all by default. */
export async function anHttp2Backend(
  respond: RespondHttp2 = (stream) => {
    stream.respond({ ':status': 200, 'content-length': 2 });
    stream.end('ok');
  },
  choices: { readonly settings?: http2.Settings; readonly certificate?: Certificate } = {},
): Promise<Http2Backend> {
  const { certificate, settings = {} } = choices;
  const server: Http2Server =
    certificate === undefined
      ? http2.createServer({ settings })
      : http2.createSecureServer({ settings, cert: certificate.chain, key: certificate.key.reveal() });
  const seen: SeenHttp2Request[] = [];
  const sessions = new Set<ServerHttp2Session>();
  const numbers = new Map<unknown, number>();
  server.on('session', (session) => {
    sessions.add(session);
    numbers.set(session, numbers.size + 1);
    session.on('close', () => sessions.delete(session));
    session.on('error', () => {});
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    seen.push({ headers, connection: numbers.get(stream.session) ?? 0 });
    stream.on('error', () => {});
    respond(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    seen,
    sessions,
    connections: () => numbers.size,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

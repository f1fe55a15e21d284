import http2 from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { clientLineBytesMax } from '#snapshot/message.ts';
import type { Secret } from '#snapshot/secret.ts';
import { Admission, type Authenticate, type Identity, boundedAuthenticate } from './admission.ts';
import { ByAddress } from './by-address.ts';
import { type InletRate, readLines } from './inlet.ts';
import { keepAlive } from './keep-alive.ts';
import type { PublishLimits } from './limits.ts';

/** A certificate chain and its key, PEM. */
export interface ServerCertificate {
  readonly certificate: string;
  readonly key: Secret<string>;
}

/** One authenticated peer that has said its first line. */
export interface Call {
  readonly stream: http2.ServerHttp2Stream;
  readonly identity: Identity;
  readonly line: string;
  /** Takes a fresher token of the peer. */
  readonly renew: (token: string) => void;
  /** Ends the stream. */
  readonly end: (reason: string) => void;
}

/** What an endpoint makes of a call. */
export type Opened =
  | { readonly ok: false; readonly status: 400 | 403; readonly reason: string }
  | {
      readonly ok: true;
      /** Who it is, for the log. */
      readonly peer: string;
      readonly rate: InletRate;
      /** Called once the peer knows that it is let in. */
      readonly start: () => void;
      /** Each further line; a SnapshotError or PublishError that it throws ends the stream. */
      readonly onLine: (line: string) => void;
      readonly onClose: () => void;
    };

/** What happened to a peer, for log and metrics. */
export type PublishEvent =
  | { readonly kind: 'Refused'; readonly status: number; readonly reason: string; readonly address: string }
  | { readonly kind: 'Connected'; readonly peer: string; readonly address: string }
  | { readonly kind: 'Disconnected'; readonly peer: string; readonly reason: string }
  | { readonly kind: 'Failed'; readonly problem: unknown };

interface StreamServerOptions {
  readonly host: string;
  readonly port: number;
  readonly certificate: ServerCertificate;
  readonly authenticate: Authenticate;
  readonly now: () => number;
  readonly limits: PublishLimits;
  /** By path, which may be any text; all are POST. Throws what a bad first line throws. */
  readonly endpoints: ReadonlyMap<string, (call: Call) => Opened>;
  readonly report: (event: PublishEvent) => void;
}

/** Of one who has not said its first line. */
const helloRate: InletRate = Object.freeze({ linesPerSecondMax: 1, bytesPerSecondMax: clientLineBytesMax });

/** How long one who is refused may take to read why. */
const refusalMs = 1_000;

/** HTTP/2 over TLS 1.3: lets peers in by their tokens and hands their streams to the endpoints. */
export class StreamServer {
  readonly #options: StreamServerOptions;
  readonly #authenticate: Authenticate;
  readonly #server: http2.Http2SecureServer;
  /** All that is connected, also who has not finished its handshake. */
  readonly #sockets = new Set<Socket>();
  readonly #connected: ByAddress;
  /** Streams of whom it is not known yet who they are. */
  readonly #strangers: ByAddress;
  #streams = 0;

  constructor(options: StreamServerOptions) {
    this.#options = options;
    this.#connected = new ByAddress(options.limits.sessionsPerAddressMax);
    this.#strangers = new ByAddress(options.limits.strangersPerAddressMax);
    this.#authenticate = boundedAuthenticate(options.authenticate, options.limits);
    this.#server = http2.createSecureServer({
      ...secureContext(options.certificate),
      minVersion: 'TLSv1.3',
      handshakeTimeout: options.limits.helloMs,
      settings: { enablePush: false, maxConcurrentStreams: 4 },
      maxHeaderListPairs: 32,
    });
    this.#server.maxConnections = options.limits.sessionsMax;
    this.#server.on('connection', (socket: Socket) => this.#openSocket(socket));
    this.#server.on('session', (session) => this.#openSession(session));
    this.#server.on('sessionError', (problem) => options.report({ kind: 'Failed', problem }));
    this.#server.on(
      'stream',
      (stream: http2.ServerHttp2Stream, headers) => void this.#openStream(stream, headers),
    );
  }

  /** Resolves with the port once it listens; rejects when the address cannot be had. */
  listen(): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#server.once('error', reject);
    this.#server.listen(this.#options.port, this.#options.host, () => {
      this.#server.off('error', reject);
      this.#server.on('error', (problem) => this.#options.report({ kind: 'Failed', problem }));
      resolve((this.#server.address() as AddressInfo).port);
    });
    return promise;
  }

  /** Shows `certificate` to all who connect from now on. */
  useCertificate(certificate: ServerCertificate): void {
    this.#server.setSecureContext({ ...secureContext(certificate), minVersion: 'TLSv1.3' });
  }

  /** Ends all streams and resolves once the port is closed. */
  stop(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    for (const socket of this.#sockets) socket.destroy();
    return promise;
  }

  #openSocket(socket: Socket): void {
    const leave = this.#connected.take(socket.remoteAddress ?? '');
    if (leave === null) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      leave();
    });
  }

  #openSession(session: http2.ServerHttp2Session): void {
    keepAlive(session, this.#options.limits);
    // A session's failure is told by its streams, where there are any.
    session.on('error', () => session.destroy());
    let open = 0;
    let idle = setTimeout(() => session.close(), this.#options.limits.idleMs);
    session.on('stream', (stream) => {
      open += 1;
      clearTimeout(idle);
      stream.once('close', () => {
        open -= 1;
        if (open === 0 && !session.closed) {
          idle = setTimeout(() => session.close(), this.#options.limits.idleMs);
        }
      });
    });
    session.once('close', () => clearTimeout(idle));
  }

  async #openStream(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): Promise<void> {
    // The reason of a stream's failure is told when it closes.
    stream.on('error', () => stream.destroy());
    this.#streams += 1;
    stream.once('close', () => (this.#streams -= 1));
    const endpoint = this.#options.endpoints.get(headers[':path'] ?? '');
    if (endpoint === undefined) return this.#refuse(stream, 404, 'no such path');
    if (headers[':method'] !== 'POST') return this.#refuse(stream, 405, 'POST only');
    if (this.#streams > this.#options.limits.streamsMax) return this.#refuse(stream, 503, 'too many streams');
    const known = this.#strangers.take(addressOf(stream));
    if (known === null) return this.#refuse(stream, 503, 'too many at once from this address');
    stream.once('close', known);
    const token = /^Bearer ([\w.~+/=-]{1,16384})$/i.exec(headers.authorization ?? '')?.[1];
    if (token === undefined) return this.#refuse(stream, 401, 'a bearer token is needed');
    const admission = new Admission({
      authenticate: this.#authenticate,
      now: this.#options.now,
      recheckMs: this.#options.limits.recheckMs,
      onUnknown: (problem) => this.#options.report({ kind: 'Failed', problem }),
      onLapse: (reason) => end(reason),
    });
    let ending = '';
    const end = (reason: string) => {
      ending ||= reason;
      stream.close(http2.constants.NGHTTP2_CANCEL);
    };
    stream.once('close', () => admission.close());
    const admitted = await admission.admit(token);
    if (stream.destroyed) return admission.close();
    if (!admitted.ok) return this.#refuse(stream, admitted.status, admitted.reason);
    known();
    const renew = (fresh: string) => admission.renew(fresh);
    this.#converse(endpoint, { stream, identity: admitted.identity, renew, end }, () => ending);
  }

  /** Waits for the first line, opens the endpoint with it and hands it all further lines. */
  #converse(endpoint: (call: Call) => Opened, call: Omit<Call, 'line'>, endingOf: () => string): void {
    const { stream } = call;
    let opened: Extract<Opened, { ok: true }> | null = null;
    const late = setTimeout(() => this.#refuse(stream, 408, 'no first line'), this.#options.limits.helloMs);
    const open = (line: string) => {
      clearTimeout(late);
      const answer = endpoint({ ...call, line });
      if (!answer.ok) return this.#refuse(stream, answer.status, answer.reason);
      opened = answer;
      stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
      this.#options.report({ kind: 'Connected', peer: answer.peer, address: addressOf(stream) });
      answer.start();
    };
    readLines(stream, {
      rate: () => opened?.rate ?? helloRate,
      onLine: (line) => (opened === null ? open(line) : opened.onLine(line)),
      onEnd: (end) => {
        clearTimeout(late);
        const reason = end.kind === 'Broken' ? end.reason : endingOf() || 'ended';
        if (opened === null) return this.#refuse(stream, 400, reason);
        opened.onClose();
        this.#options.report({ kind: 'Disconnected', peer: opened.peer, reason });
        call.end(reason);
      },
    });
  }

  #refuse(stream: http2.ServerHttp2Stream, status: number, reason: string): void {
    if (stream.destroyed || stream.headersSent) return;
    this.#options.report({ kind: 'Refused', status, reason, address: addressOf(stream) });
    stream.respond({ ':status': status, 'content-type': 'text/plain' });
    stream.end(`${reason}\n`, () => stream.close(http2.constants.NGHTTP2_NO_ERROR));
    // One who does not even read that would keep the stream, of which there are not many.
    const unread = setTimeout(() => stream.destroy(), refusalMs);
    stream.once('close', () => clearTimeout(unread));
  }
}

function addressOf(stream: http2.ServerHttp2Stream): string {
  return stream.session?.socket.remoteAddress ?? '';
}

function secureContext(certificate: ServerCertificate): { cert: string; key: string } {
  return { cert: certificate.certificate, key: certificate.key.reveal() };
}

import tls from 'node:tls';
import type { ServerCertificate, TlsTerms } from '#dataplane/runtime.ts';
import type { Socket } from 'node:net';

/** A connection whose ClientHello has been read, and put back. */
export interface Shaking {
  readonly terms: TlsTerms;
  readonly serverName: string | null;
  /** Its first octets are those of the ClientHello. */
  readonly raw: Socket;
  /** The handshake is over, and the client is whom the terms let in. */
  shaken(socket: tls.TLSSocket): void;
}

/** Certificates that are kept ready for handshakes: each takes about 50 KB and most of a millisecond to make. */
const readyMax = 1_000;
/** One that nobody asked for in so long is let go. */
const unusedMs = 60_000;

/** Suites of forward secrecy and AEAD only, as Mozilla's intermediate list has them. */
const ourCiphers = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/**
 * Shakes hands with clients. For each certificate under its terms there is one tls.Server, which listens nowhere and
 * is given connections: only so does Node hold client certificates, versions and sessions apart by listener. Since the
 * ClientHello has been read before, nothing is left to be chosen in the midst of a handshake.
 */
export class TlsServers {
  readonly #protocols: ReadonlySet<string>;
  readonly #servers = new Map<TlsTerms, Map<ServerCertificate, Ready>>();
  readonly #shaking = new Map<string, { readonly shaking: Shaking; readonly ended: () => void }>();
  #count = 0;

  /** `protocols`: names of ALPN that are spoken at all. */
  constructor(protocols: ReadonlySet<string>) {
    this.#protocols = protocols;
  }

  /** Begins a handshake; false when there is none to be had. The caller watches the raw socket, and the time. */
  shake(shaking: Shaking, nowMs: number): boolean {
    const { raw, terms } = shaking;
    const server = this.#serverFor(terms, terms.certificateFor(shaking.serverName), nowMs);
    const name = otherEnd(raw);
    if (server === null || name === null || this.#shaking.has(name)) return false;
    const ended = (): void => void this.#shaking.delete(name);
    this.#shaking.set(name, { shaking, ended });
    raw.once('close', ended);
    // who ends its side in the midst of a handshake is gone; behind it, it may still want to hear
    raw.allowHalfOpen = false;
    server.emit('connection', raw);
    return true;
  }

  /** Lets go of what nobody has used for a while. */
  sweep(nowMs: number): void {
    for (const [terms, byCertificate] of this.#servers) {
      for (const [certificate, ready] of byCertificate) {
        if (nowMs - ready.usedMs > unusedMs) this.#forget(terms, certificate);
      }
    }
  }

  #serverFor(terms: TlsTerms, certificate: ServerCertificate, nowMs: number): tls.Server | null {
    const known = this.#servers.get(terms)?.get(certificate);
    if (known !== undefined) {
      known.usedMs = nowMs;
      return known.server;
    }
    if (this.#count >= readyMax) this.#forgetOldest();
    const server = this.#create(terms, certificate);
    if (server === null) return null;
    const byCertificate = this.#servers.get(terms) ?? new Map<ServerCertificate, Ready>();
    this.#servers.set(terms, byCertificate.set(certificate, { server, usedMs: nowMs }));
    this.#count += 1;
    return server;
  }

  #create(terms: TlsTerms, certificate: ServerCertificate): tls.Server | null {
    const alpn = terms.alpn.filter((name) => this.#protocols.has(name));
    try {
      const server = tls.createServer({
        cert: certificate.chain,
        key: certificate.key.reveal(),
        minVersion: terms.minVersion,
        ciphers: terms.ciphers ?? ourCiphers,
        honorCipherOrder: false,
        // without the option a client's offer is passed over; of what is not among ours it is refused
        ...(terms.alpn.length === 0 ? {} : { ALPNCallback: chooser(alpn) }),
        sessionIdContext: terms.sessionContext,
        ticketKeys: terms.ticketKeys.reveal(),
        requestCert: terms.clientCertificates !== 'None',
        rejectUnauthorized: terms.clientCertificates === 'Required',
        ...(terms.authorities === null ? {} : { ca: terms.authorities }),
      });
      return server.on('secureConnection', (socket) => this.#shaken(socket));
    } catch {
      // the compiler has tried all of it; what is left must not end the process (CVE-2026-21637)
      return null;
    }
  }

  #shaken(socket: tls.TLSSocket): void {
    watchErrors(socket);
    const name = otherEnd(socket);
    const found = name === null ? undefined : this.#shaking.get(name);
    if (found === undefined) {
      socket.destroy();
      return;
    }
    const { shaking, ended } = found;
    ended();
    shaking.raw.off('close', ended);
    socket.allowHalfOpen = true;
    socket.disableRenegotiation();
    shaking.shaken(socket);
  }

  #forgetOldest(): void {
    let oldest: [TlsTerms, ServerCertificate] | null = null;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const [terms, byCertificate] of this.#servers) {
      for (const [certificate, { usedMs }] of byCertificate) {
        if (usedMs < oldestMs) [oldest, oldestMs] = [[terms, certificate], usedMs];
      }
    }
    if (oldest !== null) this.#forget(...oldest);
  }

  #forget(terms: TlsTerms, certificate: ServerCertificate): void {
    const byCertificate = this.#servers.get(terms);
    if (byCertificate?.delete(certificate) === true) this.#count -= 1;
    if (byCertificate?.size === 0) this.#servers.delete(terms);
  }
}

/**
 * Who has a certificate that is signed by a namesake of an authority, where none is needed, has done nothing wrong: but
 * OpenSSL's word on the signature is left to the read behind the handshake, which Node then says has failed.
 */
function watchErrors(socket: tls.TLSSocket): void {
  let isLeftOver = String(socket.authorizationError) === 'CERT_SIGNATURE_FAILURE';
  if (isLeftOver) setImmediate(() => (isLeftOver = false));
  socket.on('error', () => {
    if (!isLeftOver) socket.destroy();
  });
}

/** Our choice of what a client offers. A list, in place of this, Node would copy for each connection. */
function chooser(alpn: readonly string[]) {
  return ({ protocols }: { readonly protocols: readonly string[] }): string | undefined =>
    alpn.find((name) => protocols.includes(name));
}

interface Ready {
  readonly server: tls.Server;
  usedMs: number;
}

// Node does not say which raw socket a handshake was that of; no two connections to one port have the same other end.
function otherEnd({ remoteAddress, remotePort }: Socket): string | null {
  return remoteAddress === undefined || remotePort === undefined ? null : `${remoteAddress} ${remotePort}`;
}

import { X509Certificate } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import type { Certificate } from '#snapshot/certificate.ts';
import type { ClusterTls } from '#snapshot/cluster.ts';

/**
 * TLS to one cluster's backends: whose certificates are believed, what they must name, and what we show. What is made
 * of PEM is made by the first connection. Sessions are resumed among connections of the same terms only, since a
 * resumed one is not verified again.
 */
export class ClientTls {
  readonly #terms: ClusterTls;
  readonly #certificate: Certificate | null;
  readonly #protocol: 'h2' | 'http/1.1' | null;
  #context: tls.SecureContext | null = null;
  #session: Buffer | null = null;

  /** `certificate`: what we show, null for none. `protocol`: the one that is offered, null where nobody knows it. */
  constructor(terms: ClusterTls, certificate: Certificate | null, protocol: 'h2' | 'http/1.1' | null) {
    this.#terms = terms;
    this.#certificate = certificate;
    this.#protocol = protocol;
  }

  /** Begins TLS on a connected socket. Throws when the terms' PEM cannot be used. */
  secure(raw: net.Socket): tls.TLSSocket {
    const { hostname } = this.#terms;
    const socket = tls.connect({
      socket: raw,
      secureContext: (this.#context ??= this.#makeContext()),
      // an address is no server name (RFC 6066 section 3)
      ...(net.isIP(hostname) === 0 ? { servername: hostname } : {}),
      ...(this.#protocol === null ? {} : { ALPNProtocols: [this.#protocol] }),
      rejectUnauthorized: true,
      checkServerIdentity: (_name, { raw: der }) => problemOfIdentity(this.#terms, new X509Certificate(der)),
      ...(this.#session === null ? {} : { session: this.#session }),
    });
    socket.on('session', (session: Buffer) => {
      this.#session = session;
    });
    return socket;
  }

  /** Why a connection that is secure is none that can be used; null when it can. */
  problemOf(socket: tls.TLSSocket): string | null {
    if (this.#protocol === 'h2' && socket.alpnProtocol !== 'h2') return 'the backend does not speak HTTP/2';
    return null;
  }

  #makeContext(): tls.SecureContext {
    const { authorities } = this.#terms;
    const own = this.#certificate;
    return tls.createSecureContext({
      minVersion: 'TLSv1.2',
      ...(authorities === null ? {} : { ca: authorities }),
      ...(own === null ? {} : { cert: own.chain, key: own.key.reveal() }),
    });
  }
}

/**
 * Why a certificate does not belong to who is asked for: it must hold one of the alternative names, or name the host
 * where there are none. Common names and wildcards of a part of a label do not count (RFC 9525 sections 2 and 6.3).
 */
function problemOfIdentity(terms: ClusterTls, certificate: X509Certificate): Error | undefined {
  const { hostname, subjectAltNames } = terms;
  const wanted =
    subjectAltNames.length > 0 ? subjectAltNames : [{ type: 'Hostname', value: hostname } as const];
  if (wanted.some((name) => holds(certificate, name))) return undefined;
  return new Error(`the backend's certificate names none of ${wanted.map(({ value }) => value).join(', ')}`);
}

function holds(certificate: X509Certificate, name: ClusterTls['subjectAltNames'][number]): boolean {
  const { type, value } = name;
  if (type === 'URI') return namesOf(certificate, 'URI').includes(value);
  if (value.startsWith('*.')) return namesOf(certificate, 'DNS').some((one) => isBelow(one, value.slice(1)));
  if (net.isIP(value) !== 0) return certificate.checkIP(value) !== undefined;
  return certificate.checkHost(value, { subject: 'never', partialWildcards: false }) !== undefined;
}

/** Whether `name` is one label and then `domain` (`.example.com`): the wildcard of the domain is such a name too. */
function isBelow(name: string, domain: string): boolean {
  const lower = name.toLowerCase();
  const at = lower.indexOf('.');
  return at > 0 && lower.slice(at) === domain;
}

/**
 * The names of a type in a certificate's extension, which Node writes as `URI:a, DNS:b, URI:"c\u002c d"`. A value that
 * could be taken for more than one is in quotes, as JSON (CVE-2021-44532).
 */
function namesOf({ subjectAltName: text = '' }: X509Certificate, wanted: 'URI' | 'DNS'): readonly string[] {
  const names: string[] = [];
  for (const { groups } of text.matchAll(/(?:^|, )(?<type>[^:,"]+):(?<value>"(?:[^"\\]|\\.)*"|[^,"]*)/gu)) {
    if (groups?.['type'] !== wanted) continue;
    const value = groups['value'] ?? '';
    names.push(value.startsWith('"') ? String(JSON.parse(value)) : value);
  }
  return names;
}

// Which certificate a client is shown.
import { HostTable } from '#dataplane/route/hosts.ts';
import type { TlsPort } from '#dataplane/runtime.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import type { HttpsListener } from '#snapshot/listener.ts';
import { X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';

/** A certificate that can be shown. */
export interface ServerCertificate {
  readonly context: SecureContext;
  /** The first of the chain: whose names count. */
  readonly leaf: X509Certificate;
}

/** A certificate ready to be shown, or why it is none. */
export type LoadedCertificate =
  | { readonly ok: true; readonly certificate: ServerCertificate }
  | { readonly ok: false; readonly reason: string };

/** `certificate` ready for handshakes (TLS 1.2 and later), or why it is none; the reason never shows the key. */
export function loadCertificate(certificate: Certificate): LoadedCertificate {
  try {
    const leaf = new X509Certificate(certificate.chain);
    const context = createSecureContext({
      cert: certificate.chain,
      key: certificate.key.reveal(),
      minVersion: 'TLSv1.2',
    });
    return { ok: true, certificate: { context, leaf } };
  } catch (error) {
    return { ok: false, reason: `not a certificate chain with its key: ${codeOf(error)}` };
  }
}

/** A listener and the certificates of it that could be loaded, in its order. */
export interface TlsListener {
  readonly listener: HttpsListener;
  readonly certificates: readonly ServerCertificate[];
}

/**
 * SNI chooses the listener as Host does, then the first of its certificates that names the server, else its first. A
 * client that sends no name, or one that no listener serves, gets the first certificate of the listener for any host,
 * else of the first listener. Null where a listener has no certificate left: that handshake must fail.
 */
export function tlsPort(listeners: readonly TlsListener[]): TlsPort {
  const byHostname = new HostTable(listeners.map((entry) => [entry.listener.hostname, entry.certificates]));
  const fallback = byHostname.find('') ?? listeners[0]?.certificates ?? [];
  return {
    contextFor(serverName) {
      const name = serverName === null ? null : dnsName(serverName);
      if (name === null) return fallback[0]?.context ?? null;
      const certificates = byHostname.find(name) ?? fallback;
      const fitting = certificates.find(({ leaf }) => leaf.checkHost(name) !== undefined);
      return (fitting ?? certificates[0])?.context ?? null;
    },
  };
}

// What is no DNS name (NUL, Unicode dots, an address) is taken as no name at all, before anything compares it.
function dnsName(serverName: string): string | null {
  const name = serverName.endsWith('.') ? serverName.slice(0, -1) : serverName;
  return /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/u.test(name) && name.length <= 253 ? name : null;
}

// Only the code: messages of OpenSSL may quote what they were given.
function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

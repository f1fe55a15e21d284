import type { ServerCertificate } from '#dataplane/runtime.ts';
import type { Certificate } from '#snapshot/certificate.ts';
import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { Made } from './carry-over.ts';

/** A certificate that can be shown. */
export interface LoadedCertificate {
  readonly certificate: ServerCertificate;
  /** The names of DNS it is good for, lower case; `*.` stands for one label. */
  readonly names: readonly string[];
}

/** `certificate` ready for handshakes, or why it is none; the reason never shows the key. */
export function loadCertificate({ chain, key }: Certificate): Made<LoadedCertificate> {
  try {
    const leaf = new X509Certificate(chain);
    // Made to be thrown away: it tells whether the chain and its key are good, and fit each other.
    createSecureContext({ cert: chain, key: key.reveal() });
    return { ok: true, value: { certificate: Object.freeze({ chain, key }), names: namesOf(leaf) } };
  } catch (error) {
    return { ok: false, reason: `not a certificate chain with its key: ${codeOf(error)}` };
  }
}

/** Why `bundle` holds anything but certificates of authorities, or nothing at all; null when it is good. */
export function authoritiesProblem(bundle: string): string | null {
  const blocks = bundle.split(/(?<=-----END [A-Z ]+-----)/u).filter((block) => block.trim() !== '');
  try {
    return blocks.map((block) => new X509Certificate(block)).length > 0
      ? null
      : 'no certificate of an authority';
  } catch (error) {
    return `not a certificate of an authority: ${codeOf(error)}`;
  }
}

/** Only the code: messages of OpenSSL may quote what they were given. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.name : 'unknown';
}

// Node quotes what is no plain name, and such a name fits nobody. Only where none is said does the subject count.
function namesOf(leaf: X509Certificate): string[] {
  const alternatives = leaf.subjectAltName?.split(', ').filter((name) => name.startsWith('DNS:')) ?? [];
  const names = alternatives.map((name) => name.slice('DNS:'.length));
  const common = leaf.subject?.split('\n').filter((line) => line.startsWith('CN=')) ?? [];
  const meant = names.length > 0 ? names : common.map((line) => line.slice('CN='.length));
  return meant.map((name) => name.toLowerCase()).filter((name) => nameForm.test(name));
}

const nameForm = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/u;

// The authority that data planes trust when they ask a controller for their snapshot. All functions here give back a
// new state and touch nothing: the leader keeps the state in a Secret and the public part in a ConfigMap, the other
// replicas read them. Knows neither Kubernetes nor sockets.
import assert from 'node:assert/strict';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { Secret } from '#snapshot/secret.ts';
import { AuthorityError } from './authority-error.ts';
import { type KeyedCertificate, createAuthorityCertificate, createServerCertificate } from './certificate.ts';

/**
 * `current` signs. `next` is trusted already but does not sign yet, so that its certificate reaches every data plane
 * first. `previous` signed before, and is trusted until what it signed has run out; its key is there for what was drawn
 * of it, and null where an older build has kept none.
 */
export interface Authority {
  readonly current: KeyedCertificate;
  readonly next: KeyedCertificate | null;
  readonly previous: { readonly certificate: string; readonly key: Secret<string> | null } | null;
}

/** What one replica shows to those who connect. Renew when {@link servingIsStale} says so. */
export interface ServingCertificate extends KeyedCertificate {
  /** The names it was made for, sorted. */
  readonly names: readonly string[];
}

/** The data of the Secret that keeps an authority, PEM; absent parts are left out. */
export type AuthorityData = Readonly<Record<string, string>>;

const minute = 60_000;
const day = 24 * 60 * minute;

/** How long an authority lives; at two thirds of it the next one is made. */
export const authorityLifetimeMs = 365 * day;

/** How long the next authority is only trusted before it signs: time for its certificate to spread. */
export const authorityIntroductionMs = day;

/** How long a serving certificate lives; it is renewed at two thirds of it. */
export const servingLifetimeMs = 30 * day;

/** Certificates begin this much before they are made, for clocks that are behind. */
const backdatedMs = 10 * minute;

/**
 * The authority as it should be at `nowMs`: made anew when there is none or it has run out, rotated when its time has
 * come. Gives back the same object when nothing is to be done, else one that the caller has to keep.
 */
export async function authorityAt(kept: Authority | null, nowMs: number): Promise<Authority> {
  if (kept === null || validity(kept.current.certificate).untilMs <= nowMs)
    return firstAuthority(kept, nowMs);
  if (kept.next === null) {
    const due = dueMs(kept.current.certificate) <= nowMs;
    return due ? Object.freeze({ ...kept, next: await newAuthority(nowMs) }) : withoutExpired(kept, nowMs);
  }
  if (nowMs < introducedMs(kept.next)) return withoutExpired(kept, nowMs);
  return Object.freeze({ current: kept.next, next: null, previous: kept.current });
}

/** From when on it may sign: those before it did until then. */
export function introducedMs({ certificate }: Pick<KeyedCertificate, 'certificate'>): number {
  return validity(certificate).fromMs + backdatedMs + authorityIntroductionMs;
}

/** All certificates to be trusted, PEM: for the ConfigMap that data planes mount. */
export function publicBundle(authority: Authority): string {
  const { current, next, previous } = authority;
  return [current.certificate, next?.certificate ?? '', previous?.certificate ?? ''].join('');
}

/** A certificate for the replica that is reached by these DNS names and IP addresses. */
export async function issueServing(
  authority: Authority,
  names: readonly string[],
  nowMs: number,
): Promise<ServingCertificate> {
  assert(names.length > 0, 'a serving certificate needs a name');
  const sorted = Object.freeze([...names].sort());
  const untilMs = Math.min(nowMs + servingLifetimeMs, validity(authority.current.certificate).untilMs);
  const made = await createServerCertificate(authority.current, sorted, {
    fromMs: nowMs - backdatedMs,
    untilMs,
  });
  return Object.freeze({ ...made, names: sorted });
}

/** Whether another serving certificate is to be issued: two thirds are over, or another authority signs now. */
export function servingIsStale(serving: ServingCertificate, authority: Authority, nowMs: number): boolean {
  const issuer = new X509Certificate(authority.current.certificate);
  const leaf = new X509Certificate(serving.certificate);
  return dueMs(serving.certificate) <= nowMs || !leaf.verify(issuer.publicKey);
}

/** What the Secret is to hold. Reveals the keys: for that Secret only. */
export function authorityData(authority: Authority): AuthorityData {
  const { current, next, previous } = authority;
  return Object.freeze({
    'ca.crt': current.certificate,
    'ca.key': current.key.reveal(),
    ...(next === null ? {} : { 'next.crt': next.certificate, 'next.key': next.key.reveal() }),
    ...(previous === null ? {} : { 'previous.crt': previous.certificate }),
    ...(previous?.key ? { 'previous.key': previous.key.reveal() } : {}),
  });
}

/** The authority that a Secret holds. Throws {@link AuthorityError} when a part is missing or broken. */
export function authorityFromData(data: AuthorityData): Authority {
  const hasNext = data['next.crt'] !== undefined || data['next.key'] !== undefined;
  return Object.freeze({
    current: readPair(data, 'ca'),
    next: hasNext ? readPair(data, 'next') : null,
    previous: data['previous.crt'] === undefined ? null : readPrevious(data),
  });
}

async function firstAuthority(kept: Authority | null, nowMs: number): Promise<Authority> {
  const next = kept?.next ?? null;
  const usable = next !== null && nowMs < validity(next.certificate).untilMs;
  const current = usable ? next : await newAuthority(nowMs);
  return Object.freeze({ current, next: null, previous: null });
}

function newAuthority(nowMs: number): Promise<KeyedCertificate> {
  // The time in the name: two authorities of one name are mixed up by those who look issuers up by name.
  const name = `turnpike-authority-${new Date(nowMs).toISOString()}`;
  return createAuthorityCertificate(name, {
    fromMs: nowMs - backdatedMs,
    untilMs: nowMs + authorityLifetimeMs,
  });
}

function withoutExpired(kept: Authority, nowMs: number): Authority {
  const expired = kept.previous !== null && validity(kept.previous.certificate).untilMs <= nowMs;
  return expired ? Object.freeze({ ...kept, previous: null }) : kept;
}

function dueMs(certificate: string): number {
  const { fromMs, untilMs } = validity(certificate);
  return fromMs + ((untilMs - fromMs) * 2) / 3;
}

function validity(certificate: string): { readonly fromMs: number; readonly untilMs: number } {
  const read = new X509Certificate(certificate);
  return { fromMs: read.validFromDate.getTime(), untilMs: read.validToDate.getTime() };
}

function readPair(data: AuthorityData, name: 'ca' | 'next' | 'previous'): KeyedCertificate {
  const certificate = data[`${name}.crt`] ?? '';
  const key = data[`${name}.key`] ?? '';
  const read = readCertificate(`${name}.crt`, certificate);
  if (!read.ca) throw new AuthorityError('Unreadable', `${name}.crt is not the certificate of an authority`);
  try {
    if (read.checkPrivateKey(createPrivateKey(key))) {
      return Object.freeze({ certificate, key: new Secret(key) });
    }
  } catch (cause) {
    throw new AuthorityError('Unreadable', `${name}.key is not a private key`, cause);
  }
  throw new AuthorityError('Unreadable', `${name}.key does not belong to ${name}.crt`);
}

function readPrevious(data: AuthorityData): NonNullable<Authority['previous']> {
  if (data['previous.key'] !== undefined) return readPair(data, 'previous');
  const certificate = data['previous.crt'] ?? '';
  readCertificate('previous.crt', certificate);
  return Object.freeze({ certificate, key: null });
}

function readCertificate(name: string, certificate: string): X509Certificate {
  try {
    return new X509Certificate(certificate);
  } catch (cause) {
    throw new AuthorityError('Unreadable', `${name} is not a certificate`, cause);
  }
}

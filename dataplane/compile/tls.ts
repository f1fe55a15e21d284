// How each listener shakes hands, and which of them does for whom.
import { HostTable } from '#dataplane/route/hosts.ts';
import type { ServerCertificate, TlsChoice, TlsPort, TlsTerms } from '#dataplane/runtime.ts';
import type { HttpsListener, ListenerTls } from '#snapshot/listener.ts';
import type { Refused } from '#snapshot/message.ts';
import { Secret } from '#snapshot/secret.ts';
import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { sameList } from './by-kind.ts';
import { authoritiesProblem, codeOf, type LoadedCertificate } from './certificates.ts';

/** A listener and the certificates of it that could be loaded, in its order. */
export interface TlsListener {
  readonly listener: HttpsListener;
  readonly certificates: readonly LoadedCertificate[];
}

/** Compiles one snapshot's TLS ports after another; terms of which nothing has changed stay the same objects. */
export class TlsCompiler {
  /** For want of one that all data planes of the Gateway have. */
  readonly #ownTickets = new Secret(randomBytes(32).toString('base64'));
  #tickets = this.#ownTickets;
  #remembered = new WeakMap<HttpsListener, RememberedTerms>();

  /** What ticket keys are made of from the next port on; null for a secret of this data plane's own. */
  useTickets(shared: Secret<string> | null): void {
    const tickets = shared ?? this.#ownTickets;
    if (tickets.reveal() !== this.#tickets.reveal()) this.#remembered = new WeakMap();
    this.#tickets = tickets;
  }

  /**
   * SNI chooses the listener as Host does. A client that sends no name, or one that no listener serves, shakes hands
   * with the listener for any host, else with the first. A listener that cannot shake hands as it should refuses to.
   */
  port(listeners: readonly TlsListener[], refused: { push(one: Refused): unknown }): TlsPort {
    const choices = listeners.map((entry) => this.#choice(entry, refused));
    const byHostname = new HostTable(
      listeners.map(({ listener }, at) => [listener.hostname, choices[at] ?? refuse]),
    );
    const fallback = byHostname.find('') ?? choices[0] ?? refuse;
    // Host alone must not choose the listener for a client that was not asked for that listener's certificates.
    const nameless = new Set(listeners.map(({ listener }) => wanted(listener))).size > 1 ? refuse : fallback;
    return {
      choose: (serverName) => (serverName === null ? nameless : (byHostname.find(serverName) ?? fallback)),
    };
  }

  #choice(entry: TlsListener, refused: { push(one: Refused): unknown }): TlsChoice {
    const { listener, certificates } = entry;
    const known = this.#remembered.get(listener);
    const { choice, reason } =
      known !== undefined && sameList(known.certificates, certificates) ? known : this.#make(entry);
    this.#remembered.set(listener, { certificates, choice, reason });
    if (reason !== null) refused.push({ id: listener.id, reason });
    return choice;
  }

  #make({ listener, certificates }: TlsListener): Omit<RememberedTerms, 'certificates'> {
    const reason = problemOf(listener.tls);
    const [first] = certificates;
    if (reason !== null || first === undefined) return { choice: refuse, reason };
    const terms = this.#terms(listener, certificateTable(certificates, first.certificate));
    return { choice: Object.freeze({ kind: 'Http', terms }), reason: null };
  }

  #terms(listener: HttpsListener, certificateFor: TlsTerms['certificateFor']): TlsTerms {
    const { tls } = listener;
    const identity = `${listener.id}\0${wanted(listener)}`;
    return Object.freeze({
      sessionContext: createHash('sha256').update(identity).digest('base64url').slice(0, 32),
      certificateFor,
      alpn: tls.alpn,
      minVersion: `TLSv${tls.minVersion}`,
      ciphers: ciphersOf(tls),
      clientCertificates: tls.clientCertificates?.mode ?? 'None',
      authorities: tls.clientCertificates?.authorities ?? null,
      ticketKeys: new Secret(
        Buffer.from(hkdfSync('sha256', this.#tickets.reveal(), '', `tickets\0${listener.id}`, 48)),
      ),
    });
  }
}

interface RememberedTerms {
  readonly certificates: readonly LoadedCertificate[];
  readonly choice: TlsChoice;
  readonly reason: string | null;
}

const refuse: TlsChoice = Object.freeze({ kind: 'Refuse' });

/** Which certificates of clients a listener asks for, in a word. */
function wanted({ tls: { clientCertificates } }: HttpsListener): string {
  return clientCertificates === null ? '' : `${clientCertificates.mode} ${clientCertificates.authorities}`;
}

/** Why nobody can shake hands so. Without authorities a certificate would be asked for and never looked at. */
function problemOf(tls: ListenerTls): string | null {
  if (tls.clientCertificates !== null) {
    const problem = authoritiesProblem(tls.clientCertificates.authorities);
    if (problem !== null) return problem;
  }
  const ciphers = ciphersOf(tls);
  if (ciphers === null) return null;
  try {
    createSecureContext({ ciphers, minVersion: `TLSv${tls.minVersion}` });
    return null;
  } catch (error) {
    return `no such cipher suites: ${codeOf(error)}`;
  }
}

// To Node a list without suites of TLS 1.3 means that version 1.3 is not spoken at all.
function ciphersOf({ cipherSuites }: ListenerTls): string | null {
  if (cipherSuites.length === 0) return null;
  const named = cipherSuites.some((name) => name.startsWith('TLS_'));
  return [...(named ? [] : suitesOfTls13), ...cipherSuites].join(':');
}

const suitesOfTls13 = ['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'];

/** One look-up, however many certificates: a name, else its wildcard (which stands for one label, RFC 9525). */
function certificateTable(
  certificates: readonly LoadedCertificate[],
  first: ServerCertificate,
): TlsTerms['certificateFor'] {
  const byName = new Map<string, ServerCertificate>();
  for (const { certificate, names } of certificates) {
    for (const name of names) if (!byName.has(name)) byName.set(name, certificate);
  }
  return (serverName) => {
    if (serverName === null) return first;
    const dot = serverName.indexOf('.');
    return byName.get(serverName) ?? byName.get(`*${serverName.slice(dot)}`) ?? first;
  };
}

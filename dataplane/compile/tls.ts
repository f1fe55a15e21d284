// How each listener shakes hands, and which of them does for whom.
import { HostTable } from '#dataplane/route/hosts.ts';
import type { ServerCertificate, TlsChoice, TlsPort, TlsTerms } from '#dataplane/runtime.ts';
import type { HttpsListener, ListenerTls, TlsListener } from '#snapshot/listener.ts';
import type { Refused } from '#snapshot/message.ts';
import { Secret } from '#snapshot/secret.ts';
import { createHash, hkdfSync, randomBytes } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { sameList } from '#snapshot/same-list.ts';
import { authoritiesProblem, codeOf, type LoadedCertificate } from './certificates.ts';
import type { Relays } from './relays.ts';

/** A listener, the certificates for it that could be loaded, its own first, and where its streams go by hostname. */
export interface SecureListener {
  readonly listener: HttpsListener | TlsListener;
  readonly certificates: readonly LoadedCertificate[];
  readonly relays: ReturnType<Relays['of']>;
}

/** Compiles one snapshot's TLS ports after another; terms of which nothing has changed stay the same objects. */
export class TlsCompiler {
  /** For want of one that all data planes of the Gateway have. */
  readonly #ownTickets = new Secret(randomBytes(32).toString('base64'));
  #tickets = this.#ownTickets;
  #remembered = new WeakMap<SecureListener['listener'], RememberedTerms>();

  /** What ticket keys are made of from the next port on; null for a secret of this data plane's own. */
  useTickets(shared: Secret<string> | null): void {
    const tickets = shared ?? this.#ownTickets;
    if (tickets.reveal() !== this.#tickets.reveal()) this.#remembered = new WeakMap();
    this.#tickets = tickets;
  }

  /**
   * SNI chooses the listener as Host does. A client that sends no name, or one that no listener serves, shakes hands
   * with the listener for any host, else with the first for HTTPS. A listener that cannot shake hands as it should, or
   * has no route for the name, refuses to.
   */
  port(listeners: readonly SecureListener[], refused: { push(one: Refused): unknown }): TlsPort {
    const choices = listeners.map((entry) => this.#choice(entry, refused));
    const byHostname = new HostTable(
      listeners.map(({ listener }, at) => [listener.hostname, choices[at] ?? refuseAll]),
    );
    const first = choices[listeners.findIndex(({ listener }) => listener.protocol === 'HTTPS')];
    const fallback = byHostname.find('') ?? first ?? refuseAll;
    // Host alone must not choose the listener for a client that was not asked for that listener's certificates.
    const nameless =
      new Set(listeners.map(({ listener }) => wanted(listener))).size > 1 ? refuseAll : fallback;
    return {
      choose: (serverName) =>
        serverName === null ? nameless('') : (byHostname.find(serverName) ?? fallback)(serverName),
    };
  }

  #choice(entry: SecureListener, refused: { push(one: Refused): unknown }): Choosing {
    const { listener, relays } = entry;
    const isPassed = listener.protocol === 'TLS' && listener.mode === 'Passthrough';
    const terms = isPassed ? null : this.#termsOf(entry, refused);
    if (terms === null && !isPassed) return refuseAll;
    if (terms !== null && listener.protocol === 'HTTPS') {
      const choice: TlsChoice = Object.freeze({ kind: 'Http', terms });
      return () => choice;
    }
    const byHostname = new HostTable(
      relays.map(([hostname, relay]): [string, TlsChoice] => [
        hostname,
        Object.freeze(terms === null ? { kind: 'Passthrough', relay } : { kind: 'Relay', terms, relay }),
      ]),
    );
    return (serverName) => byHostname.find(serverName) ?? refuse;
  }

  #termsOf(entry: SecureListener, refused: { push(one: Refused): unknown }): TlsTerms | null {
    const { listener, certificates } = entry;
    const known = this.#remembered.get(listener);
    const { terms, reason } =
      known !== undefined && sameList(known.certificates, certificates) ? known : this.#make(entry);
    this.#remembered.set(listener, { certificates, terms, reason });
    if (reason !== null) refused.push({ id: listener.id, reason });
    return terms;
  }

  #make({ listener, certificates }: SecureListener): Omit<RememberedTerms, 'certificates'> {
    const reason = problemOf(listener.tls);
    const [first] = certificates;
    if (reason !== null || first === undefined) return { terms: null, reason };
    return { terms: this.#terms(listener, certificateTable(certificates, first.certificate)), reason: null };
  }

  #terms(listener: SecureListener['listener'], certificateFor: TlsTerms['certificateFor']): TlsTerms {
    const { tls } = listener;
    const identity = `${listener.id}\0${wanted(listener)}`;
    return Object.freeze({
      sessionContext: createHash('sha256').update(identity).digest('base64url').slice(0, 32),
      certificateFor,
      // what is relayed is spoken by nobody here: to agree on a protocol would be to promise it
      alpn: listener.protocol === 'TLS' ? [] : tls.alpn,
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
  readonly terms: TlsTerms | null;
  readonly reason: string | null;
}

/** What one listener does for a server name; `''` for none. */
type Choosing = (serverName: string) => TlsChoice;

const refuse: TlsChoice = Object.freeze({ kind: 'Refuse' });
const refuseAll: Choosing = () => refuse;

/** Which certificates of clients a listener asks for, in a word. */
function wanted({ tls: { clientCertificates } }: SecureListener['listener']): string {
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

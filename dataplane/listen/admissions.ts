import type { ClientConnection } from './client-connection.ts';
import type { TlsChoice, TlsPort } from '#dataplane/runtime.ts';

/** By what a connection was let in. */
export interface Admission {
  readonly serverName: string | null;
  /** Of the terms it has shaken hands by. */
  readonly sessionContext: string;
  /** The client has proved who it is. */
  readonly isKnown: boolean;
}

/**
 * The connections of a port that have shaken hands. When listeners change, who could not come in any more does not stay
 * either: requests are let through by who had to prove what when their connection began.
 */
export class Admissions {
  readonly #admitted = new Map<ClientConnection, Admission>();
  #reviewed: TlsPort | null = null;

  add(connection: ClientConnection, admission: Admission): void {
    this.#admitted.set(connection, admission);
  }

  remove(connection: ClientConnection): void {
    this.#admitted.delete(connection);
  }

  /**
   * Cuts whoever has no certificate where one is required now, and lets the next answer be the last of whoever has
   * proved to be known to others than those asked now. Of what is relayed nobody can tell an answer: it is cut.
   */
  review(tls: TlsPort | null): void {
    if (tls === null || tls === this.#reviewed) return;
    this.#reviewed = tls;
    const choices = new Map<string | null, TlsChoice>();
    for (const [connection, { serverName, sessionContext, isKnown }] of this.#admitted) {
      const choice = choices.get(serverName) ?? tls.choose(serverName);
      choices.set(serverName, choice);
      if ((choice.kind !== 'Http' && choice.kind !== 'Relay') || choice.terms.clientCertificates === 'None')
        continue;
      if (choice.terms.sessionContext === sessionContext) continue;
      const staysKnown = isKnown && choice.kind === 'Http';
      if (choice.terms.clientCertificates === 'Required' && !staysKnown) connection.destroy();
      else connection.drain();
    }
  }
}

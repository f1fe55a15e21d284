import type { ResourceId } from '#snapshot/ids.ts';
import type { ServerNames } from '#snapshot/server-names.ts';
import type { LoadedCertificate } from './certificates.ts';

interface Remembered {
  readonly from: LoadedCertificate;
  readonly named: LoadedCertificate;
}

/** Certificates that are shown for names which are not their own; of what has not changed they are the same objects. */
export class NamedCertificates {
  readonly #remembered = new WeakMap<ServerNames, Remembered>();

  /** Those of each listener, in the order of `all`. */
  byListener(
    all: readonly ServerNames[],
    certificates: ReadonlyMap<ResourceId, LoadedCertificate>,
  ): ReadonlyMap<ResourceId, readonly LoadedCertificate[]> {
    const found = new Map<ResourceId, LoadedCertificate[]>();
    for (const one of all) {
      const certificate = certificates.get(one.certificate);
      if (certificate === undefined) continue;
      const named = this.#named(one, certificate);
      for (const listener of one.listeners) found.getOrInsertComputed(listener, () => []).push(named);
    }
    return found;
  }

  #named(one: ServerNames, from: LoadedCertificate): LoadedCertificate {
    const known = this.#remembered.get(one);
    if (known?.from === from) return known.named;
    const named = { certificate: from.certificate, names: one.hostnames };
    this.#remembered.set(one, { from, named });
    return named;
  }
}

/**
 * Values by hostname as listeners and routes spell them: exact, `*.suffix` for one or more labels before
 * `.suffix`, `''` for any. Of two equal hostnames the first one given stays.
 */
export class HostTable<T> {
  readonly #exact = new Map<string, T>();
  readonly #wildcards = new Map<string, T>();
  #any: T | null = null;
  #longestSuffix = 0;

  constructor(entries: Iterable<readonly [hostname: string, value: T]>) {
    for (const [hostname, value] of entries) this.#put(hostname, value);
  }

  /** What the most specific hostname that `host` (lower case, without port) fits stands for, or null. */
  find(host: string): T | null {
    return this.#exact.get(host) ?? this.#bySuffix(host) ?? this.#any;
  }

  /** What the next less specific hostname that covers all of `hostname` stands for, or null. */
  beyond(hostname: string): T | null {
    if (hostname === '') return null;
    return this.#bySuffix(isWildcard(hostname) ? hostname.slice(1) : hostname) ?? this.#any;
  }

  #put(hostname: string, value: T): void {
    if (hostname === '') {
      this.#any ??= value;
      return;
    }
    const table = isWildcard(hostname) ? this.#wildcards : this.#exact;
    const name = isWildcard(hostname) ? hostname.slice(1) : hostname;
    if (table.has(name)) return;
    table.set(name, value);
    if (table === this.#wildcards) this.#longestSuffix = Math.max(this.#longestSuffix, name.length);
  }

  // Begins at the longest suffix there is, so that a client's long Host costs no more than a short one; and
  // behind the first character, since `*` stands for at least one label.
  #bySuffix(host: string): T | undefined {
    if (this.#longestSuffix === 0) return undefined;
    let at = host.indexOf('.', Math.max(1, host.length - this.#longestSuffix));
    while (at !== -1) {
      const found = this.#wildcards.get(host.slice(at));
      if (found !== undefined) return found;
      at = host.indexOf('.', at + 1);
    }
    return undefined;
  }
}

/** Whether one label of `host`, which fits `wildcard`, is what its `*` stands for. */
export function standsForOneLabel(wildcard: string, host: string): boolean {
  return host.indexOf('.') === host.length - (wildcard.length - 1);
}

/** True for `*.suffix`. */
export function isWildcard(hostname: string): boolean {
  return hostname.startsWith('*.');
}

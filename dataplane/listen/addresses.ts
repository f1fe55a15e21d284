import { isIPv6 } from 'node:net';

/**
 * Whom one limit for an address holds for: an IPv4 address alone, an IPv6 one with all of its /64, of which a client
 * has as many as it likes.
 */
export function addressGroup(address: string): string {
  if (!isIPv6(address)) return address;
  const [before = '', after] = address.split('::');
  const first = before === '' ? [] : before.split(':');
  const last = after === undefined || after === '' ? [] : after.split(':');
  const left = 8 - first.length - last.length - (address.includes('.') ? 1 : 0);
  const groups = [...first, ...Array.from({ length: after === undefined ? 0 : left }, () => '0'), ...last];
  return groups.slice(0, 4).join(':');
}

/** How many connections there are from each address; holds no more entries than there are connections. */
export class AddressCounts {
  readonly #counts = new Map<string, number>();

  /** One more, if it is not more than `max` then (0: any number). */
  enter(group: string, max: number): boolean {
    const count = this.#counts.get(group) ?? 0;
    if (max > 0 && count >= max) return false;
    this.#counts.set(group, count + 1);
    return true;
  }

  /** One less; for each that has entered once. */
  leave(group: string): void {
    const count = this.#counts.get(group) ?? 0;
    if (count > 1) this.#counts.set(group, count - 1);
    else this.#counts.delete(group);
  }

  /** Addresses there are. */
  get size(): number {
    return this.#counts.size;
  }
}
/** An address without zone; an IPv4-mapped IPv6 address as IPv4. */
export function plainAddress(address: string): string {
  const zone = address.indexOf('%');
  const plain = zone === -1 ? address : address.slice(0, zone);
  return plain.startsWith('::ffff:') && plain.includes('.') ? plain.slice(7) : plain;
}

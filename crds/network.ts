import { isIP } from 'node:net';

/**
 * What stands in the way of taking `text` for a network: it is none, or its address goes on behind the bits that its
 * length lets count. Such as 10.0.0.1/8 leaves open whether one address is meant or sixteen million.
 */
export function networkFault(text: string): 'NoNetwork' | 'BitsBeyondLength' | null {
  const [address = '', length = ''] = text.split('/');
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  if (family === 0 || address.includes('%') || !/^[0-9]{1,3}$/.test(length) || Number(length) > bits) {
    return 'NoNetwork';
  }
  const value = family === 4 ? valueOf(address.split('.'), 8n, 10) : valueOf(groupsOf(address), 16n, 16);
  if (family === 6 && value >> 32n === mapped) return 'NoNetwork';
  const beyond = (1n << BigInt(bits - Number(length))) - 1n;
  return (value & beyond) === 0n ? null : 'BitsBeyondLength';
}

/** IPv4 in the dress of IPv6 (RFC 4291 section 2.5.5.2), which API servers do not take: write it as IPv4. */
const mapped = 0xffffn;

function valueOf(parts: readonly string[], bits: bigint, radix: number): bigint {
  return parts.reduce((sum, part) => (sum << bits) | BigInt(Number.parseInt(part, radix)), 0n);
}

/** The eight groups of an IPv6 address (RFC 4291 section 2.2). */
function groupsOf(address: string): readonly string[] {
  const [before = [], after] = address.split('::').map((part) => part.split(':').flatMap(groups));
  if (after === undefined) return before;
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
}

/** A group, or the two that an IPv4 address at the end stands for. */
function groups(part: string): readonly string[] {
  if (part === '') return [];
  if (!part.includes('.')) return [part];
  const hex = valueOf(part.split('.'), 8n, 10).toString(16).padStart(8, '0');
  return [hex.slice(0, 4), hex.slice(4)];
}

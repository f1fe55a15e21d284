import { fnv1a } from '#snapshot/fnv.ts';

/** Spreads the bits of a number over 32 (MurmurHash3's last step): 0 to 2^32 - 1. */
export function mix(bits: number): number {
  let mixed = bits | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** A hash of text (FNV-1a, mixed): 0 to 2^32 - 1. The same in every process; no secret. */
export function hashText(text: string, seed = 0): number {
  return mix(fnv1a(text, 0x811c_9dc5 ^ seed));
}

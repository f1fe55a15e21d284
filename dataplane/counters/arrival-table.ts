// The times that counters keep, by 64-bit hash, and where somebody wants them two counts beside. Knows nothing of limits
// and bans: a time that has passed says nothing any more, so its place is free.

const shardBits = 8;
const shards = 1 << shardBits;
const waysBits = 3;
const ways = 1 << waysBits;
/** Two rows. */
const slotsFirst = 2 * ways;
/** What a shard is chosen by stands in no slot of it: in its place stands whose entry it is. */
const hashBits = 32 - shardBits;
const owners = 1 << shardBits;

/**
 * Hash to time, at most `slotsMax` entries (rounded to a power of two, at least 4096), 16 bytes each, 24 once there are
 * counts. Begins small and grows by shards, of which the largest has 8,192 places, so that no single growth takes long.
 *
 * When full, of the sixteen places a hash may take one is given up: of the owner who has the most of them, whoever comes
 * among them, the one whose time passes first, which loses the least. So owners that want more than there is have equal
 * parts of it, and who wants less loses nothing to others, whatever times they keep. An owner is a number below 256.
 *
 * Hot path: flat typed arrays, two rows of eight places (a cache line each) per look-up, nothing allocated.
 */
export class ArrivalTable {
  readonly #shards: readonly Shard[];
  /** The counts that were read last, or shall be written next: 32 bits each, unsigned. */
  first = 0;
  second = 0;
  /** Whose the entries are that are asked for next. */
  owner = 0;

  constructor(slotsMax: number) {
    const each = Math.max(slotsFirst, 2 ** Math.round(Math.log2(slotsMax / shards)));
    const held = new Uint8Array(owners);
    this.#shards = Array.from({ length: shards }, () => new Shard(each, held));
  }

  /** The time kept for the hash, or 0. */
  get(hi: number, lo: number): number {
    return this.#shard(hi).get(owned(hi, this.owner), lo || 1);
  }

  /** Keeps `time` for the hash; `now` tells which others have passed. */
  set(hi: number, lo: number, time: number, now: number): void {
    const shard = this.#shard(hi);
    while (!shard.set(owned(hi, this.owner), lo || 1, time, now)) shard.grow(now);
  }

  /** As {@link get}; what is counted beside the time stands in `first` and `second`: 0 where there is nothing. */
  read(hi: number, lo: number): number {
    const shard = this.#shard(hi);
    const slot = shard.find(owned(hi, this.owner), lo || 1);
    this.first = slot < 0 ? 0 : shard.count(slot * 2);
    this.second = slot < 0 ? 0 : shard.count(slot * 2 + 1);
    return slot < 0 ? 0 : shard.time(slot);
  }

  /** As {@link set}, with the counts in `first` and `second`. */
  write(hi: number, lo: number, time: number, now: number): void {
    this.set(hi, lo, time, now);
    const shard = this.#shard(hi);
    shard.keepCounts(shard.find(owned(hi, this.owner), lo || 1), this.first, this.second);
  }

  /** Bytes of all arrays, places taken (passed ones included), and how many live entries were given up. */
  usage(): { readonly bytes: number; readonly taken: number; readonly evicted: number } {
    let bytes = 0;
    let taken = 0;
    let evicted = 0;
    for (const shard of this.#shards) {
      bytes += shard.bytes;
      taken += shard.taken;
      evicted += shard.evicted;
    }
    return { bytes, taken, evicted };
  }

  #shard(hi: number): Shard {
    const shard = this.#shards[hi >>> (32 - shardBits)];
    if (shard === undefined) throw new RangeError('hash out of range');
    return shard;
  }
}

/** A hash within its shard. */
function owned(hi: number, owner: number): number {
  return ((owner << hashBits) | (hi & (2 ** hashBits - 1))) >>> 0;
}

/** `hi` begins with the owner here, and `lo` is never 0: 0 marks a place that is free. */
class Shard {
  readonly #slotsMax: number;
  /** By owner; for use while one entry is given up. */
  readonly #held: Uint8Array;
  #slots = slotsFirst;
  /** hi and lo in turn. */
  #hashes = new Uint32Array(slotsFirst * 2);
  #times = new Float64Array(slotsFirst);
  /** Two to a slot; empty until there are any. */
  #counts = new Uint32Array(0);
  taken = 0;
  evicted = 0;

  constructor(slotsMax: number, held: Uint8Array) {
    this.#slotsMax = slotsMax;
    this.#held = held;
  }

  get bytes(): number {
    return this.#hashes.byteLength + this.#times.byteLength + this.#counts.byteLength;
  }

  get(hi: number, lo: number): number {
    const slot = this.find(hi, lo);
    return slot < 0 ? 0 : this.time(slot);
  }

  time(slot: number): number {
    return this.#times[slot] ?? 0;
  }

  count(at: number): number {
    return this.#counts[at] ?? 0;
  }

  keepCounts(slot: number, first: number, second: number): void {
    if (this.#counts.length === 0) this.#counts = new Uint32Array(this.#slots * 2);
    this.#counts[slot * 2] = first;
    this.#counts[slot * 2 + 1] = second;
  }

  /** False when there is no place and the shard may still grow. */
  set(hi: number, lo: number, time: number, now: number): boolean {
    let slot = this.find(hi, lo);
    if (slot < 0) {
      slot = this.#soonest(hi, lo);
      if ((this.#times[slot] ?? 0) > now) {
        if (this.#slots < this.#slotsMax) return false;
        slot = this.#soonestOfMost(hi, lo);
        this.evicted += 1;
      }
      if (this.#hashes[slot * 2 + 1] === 0) this.taken += 1;
      this.#hashes[slot * 2] = hi;
      this.#hashes[slot * 2 + 1] = lo;
    }
    this.#times[slot] = time;
    return true;
  }

  /** Doubles, and drops what has passed. */
  grow(now: number): void {
    const hashes = this.#hashes;
    const times = this.#times;
    const counts = this.#counts;
    const before = this.#slots;
    this.#slots = before * 2;
    this.#hashes = new Uint32Array(this.#slots * 2);
    this.#times = new Float64Array(this.#slots);
    if (counts.length > 0) this.#counts = new Uint32Array(this.#slots * 2);
    this.taken = 0;
    for (let slot = 0; slot < before; slot += 1) {
      const time = times[slot] ?? 0;
      const lo = hashes[slot * 2 + 1] ?? 0;
      if (time <= now || lo === 0) continue;
      const hi = hashes[slot * 2] ?? 0;
      const to = this.#soonest(hi, lo);
      // Both rows full right after doubling: the odds are next to nothing, and the loss is one entry.
      if (this.#hashes[to * 2 + 1] === 0) this.taken += 1;
      this.#hashes[to * 2] = hi;
      this.#hashes[to * 2 + 1] = lo;
      this.#times[to] = time;
      if (counts.length > 0) this.keepCounts(to, counts[slot * 2] ?? 0, counts[slot * 2 + 1] ?? 0);
    }
  }

  /** Where the hash is; -1 when it is nowhere. */
  find(hi: number, lo: number): number {
    const mask = this.#slots - ways;
    let row = (lo << waysBits) & mask;
    for (let turn = 0; turn < 2; turn += 1) {
      for (let slot = row; slot < row + ways; slot += 1) {
        if (this.#hashes[slot * 2 + 1] === lo && this.#hashes[slot * 2] === hi) return slot;
      }
      row = (hi << waysBits) & mask;
    }
    return -1;
  }

  /** Of the sixteen places the one with the lowest time; free places have 0, so they come first. */
  #soonest(hi: number, lo: number): number {
    const mask = this.#slots - ways;
    let row = (lo << waysBits) & mask;
    let best = row;
    for (let turn = 0; turn < 2; turn += 1) {
      for (let slot = row; slot < row + ways; slot += 1) {
        if ((this.#times[slot] ?? 0) < (this.#times[best] ?? 0)) best = slot;
      }
      row = (hi << waysBits) & mask;
    }
    return best;
  }

  /** Of the sixteen places, all of them taken, the one that is given up. */
  #soonestOfMost(hi: number, lo: number): number {
    const held = this.#held.fill(0);
    let most = count(held, hi);
    const mask = this.#slots - ways;
    const rows = [(lo << waysBits) & mask, (hi << waysBits) & mask];
    for (const row of rows) {
      for (let slot = row; slot < row + ways; slot += 1) most = Math.max(most, count(held, this.#hi(slot)));
    }
    let best = -1;
    for (const row of rows) {
      for (let slot = row; slot < row + ways; slot += 1) {
        if (held[this.#hi(slot) >>> hashBits] !== most) continue;
        if (best < 0 || this.time(slot) < this.time(best)) best = slot;
      }
    }
    return best;
  }

  #hi(slot: number): number {
    return this.#hashes[slot * 2] ?? 0;
  }
}

/** Counts one more of the owner of an entry. */
function count(held: Uint8Array, hi: number): number {
  const sum = (held[hi >>> hashBits] ?? 0) + 1;
  held[hi >>> hashBits] = sum;
  return sum;
}

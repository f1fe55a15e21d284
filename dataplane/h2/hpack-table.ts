import type { HeaderField } from './header-field.ts';

/** Fields a table has room for at first: few connections fill more. A power of two. */
const roomMin = 4;

/**
 * The dynamic table (RFC 7541 sections 2.3.2 and 4): the newest field first, the oldest leave when octets run out.
 * A ring that grows with what it holds; its octets bound it, as each field counts for 32 at least.
 */
export class HpackTable {
  #ring: (HeaderField | null)[] = [];
  /** Place behind the newest, and how many there are. */
  #next = 0;
  #count = 0;
  #bytes = 0;
  #bytesMax: number;
  /** Counts what has been done to it. */
  changes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Number of fields. */
  get size(): number {
    return this.#count;
  }

  /** The field that has been added as the last but `age`, or null. */
  at(age: number): HeaderField | null {
    if (age >= this.#count) return null;
    return this.#ring[(this.#next - 1 - age) & (this.#ring.length - 1)] ?? null;
  }

  /** Adds a field; one larger than the table leaves it empty (section 4.4). */
  add(field: HeaderField): void {
    const { size } = field;
    this.changes += 1;
    this.#evict(this.#bytesMax - size);
    if (size > this.#bytesMax) return;
    if (this.#count === this.#ring.length) this.#grow();
    this.#ring[this.#next] = field;
    this.#next = (this.#next + 1) & (this.#ring.length - 1);
    this.#count += 1;
    this.#bytes += size;
  }

  /** Changes the octets there are (section 4.3). */
  resize(bytesMax: number): void {
    this.changes += 1;
    this.#bytesMax = bytesMax;
    this.#evict(bytesMax);
  }

  #evict(bytesMax: number): void {
    const mask = this.#ring.length - 1;
    while (this.#count > 0 && this.#bytes > bytesMax) {
      const oldest = (this.#next - this.#count) & mask;
      this.#bytes -= this.#ring[oldest]?.size ?? 0;
      this.#ring[oldest] = null;
      this.#count -= 1;
    }
  }

  /** Twice the room, the oldest at its begin. */
  #grow(): void {
    const count = this.#count;
    const ring: (HeaderField | null)[] = Array.from({ length: Math.max(roomMin, count * 2) }, () => null);
    for (let age = 0; age < count; age += 1) ring[count - 1 - age] = this.at(age);
    this.#ring = ring;
    this.#next = count;
  }
}

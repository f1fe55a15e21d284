/** Literals that are remembered; a power of two. */
const literalsMax = 256;
/** Octets of one, at most. */
export const literalBytesMax = 128;

/**
 * Fields as an encoder wrote them, by name and text (a value, or the line with it). What comes twice in a row to its
 * place is remembered there, so that what is said once only drives nothing out.
 *
 * Hot path: most of a head is what the heads before it said. Finding its octets costs a fifth of putting them into
 * Huffman code.
 */
export class RememberedLiterals {
  readonly #names: string[] = Array.from({ length: literalsMax }, () => '');
  readonly #texts: string[] = Array.from({ length: literalsMax }, () => '');
  /** What came last to each place. */
  readonly #marks = new Int32Array(literalsMax);
  readonly #lengths = new Uint8Array(literalsMax);
  readonly #octets = Buffer.allocUnsafeSlow(literalsMax * literalBytesMax);

  /** Writes what is remembered to `memory`, which has room for {@link literalBytesMax}; how much it is, 0 for nothing. */
  copy(name: string, text: string, memory: Buffer, at: number): number {
    const place = placeOf(markOf(text));
    if (this.#texts[place] !== text || this.#names[place] !== name) return 0;
    const from = place * literalBytesMax;
    return this.#octets.copy(memory, at, from, from + (this.#lengths[place] ?? 0));
  }

  /** Its octets, which may be overwritten. */
  note(name: string, text: string, octets: Buffer): void {
    const mark = markOf(text);
    const place = placeOf(mark);
    if (this.#marks[place] !== mark) {
      this.#marks[place] = mark;
      return;
    }
    if (octets.length > literalBytesMax) return;
    this.#names[place] = name;
    // text may be a small piece of much that then could not go
    this.#texts[place] = Buffer.from(text, 'latin1').toString('latin1');
    this.#lengths[place] = octets.copy(this.#octets, place * literalBytesMax);
  }
}

/** Of the length and three characters; a line ends in two that all have. */
function markOf(text: string): number {
  const { length } = text;
  const ends = text.charCodeAt(0) * 31 + text.charCodeAt(length - 3);
  return ((length * 31 + text.charCodeAt(length >> 1)) * 961 + ends) | 0;
}

function placeOf(mark: number): number {
  return (mark ^ (mark >> 8)) & (literalsMax - 1);
}

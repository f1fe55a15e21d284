// Texts by their characters, as CEL counts them: the engine counts UTF-16, in which those beyond U+FFFF are two.
import type { Frame } from './evaluation.ts';

/** How many there are in `text`. */
export function charactersIn(text: string, frame: Frame<unknown>): number {
  frame.charge(text.length >> 3);
  return hasPairs(text) ? Array.from(text).length : text.length;
}

/** Where the engine finds character `index` of `text`, from 0 to how many there are; undefined beyond. */
export function offsetOf(text: string, index: bigint, frame: Frame<unknown>): number | undefined {
  if (index < 0n || index > BigInt(text.length)) return undefined;
  frame.charge(text.length >> 3);
  let left = Number(index);
  if (!hasPairs(text)) return left;
  let offset = 0;
  for (const character of text) {
    if (left === 0) return offset;
    left -= 1;
    offset += character.length;
  }
  return left === 0 ? offset : undefined;
}

function hasPairs(text: string): boolean {
  return /[\u{10000}-\u{10ffff}]/u.test(text);
}

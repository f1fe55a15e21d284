import assert from 'node:assert';
import { valueOctets } from './octets.ts';

/**
 * The field lines of a message (RFC 9110 section 5) in order: three strings a line, lower-case name, value,
 * name as received. Names are compared in lower case.
 *
 * Hot path: one flat array, scanned; a request has about ten lines, where a Map costs more than it saves.
 */
export class Fields {
  readonly flat: string[] = [];

  /** Number of field lines. */
  get size(): number {
    return this.flat.length / 3;
  }

  /**
   * Appends a line; `name` is lower case. Throws for a value that cannot stand in a field (RFC 9110 section 5.5),
   * above all one with a line end: what comes from tokens or templates must not become another field.
   */
  append(name: string, value: string, received: string = name): void {
    assert(isFieldValue(value), `a value of ${name} that cannot be sent`);
    this.flat.push(name, value, received);
  }

  /** Appends a line whose value can stand in a field by the way it was made: nothing of it comes from outside. */
  appendOwn(name: string, value: string, received: string): void {
    this.flat.push(name, value, received);
  }

  /** The first value of `name` (lower case), or undefined. */
  get(name: string): string | undefined {
    const { flat } = this;
    for (let at = 0; at < flat.length; at += 3) {
      if (flat[at] === name) return flat[at + 1];
    }
    return undefined;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** All values of `name` joined by `, ` (RFC 9110 section 5.3), or undefined. */
  joined(name: string): string | undefined {
    const { flat } = this;
    let all: string | undefined;
    for (let at = 0; at < flat.length; at += 3) {
      if (flat[at] !== name) continue;
      const value = flat[at + 1] ?? '';
      all = all === undefined ? value : `${all}, ${value}`;
    }
    return all;
  }

  /** Removes all lines of `name` (lower case). */
  remove(name: string): void {
    const { flat } = this;
    let kept = 0;
    for (let at = 0; at < flat.length; at += 3) {
      if (flat[at] === name) continue;
      if (kept !== at) {
        flat[kept] = flat[at] ?? '';
        flat[kept + 1] = flat[at + 1] ?? '';
        flat[kept + 2] = flat[at + 2] ?? '';
      }
      kept += 3;
    }
    flat.length = kept;
  }

  /** Replaces all lines of `name` (lower case) by one. */
  set(name: string, value: string): void {
    this.remove(name);
    this.append(name, value);
  }
}

function isFieldValue(value: string): boolean {
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (code > 0xff || valueOctets[code] === 0) return false;
  }
  return true;
}

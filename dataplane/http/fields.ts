import assert from 'node:assert';
import { isValueText } from './octets.ts';

/**
 * The field lines of a message (RFC 9110 section 5) in order: two strings a line, its name in lower case and the
 * line as it is sent (see {@link fieldLine}). Names are compared in lower case.
 *
 * Hot path: one flat array, scanned; a request has about ten lines, where a Map costs more than it saves. A line is
 * one piece of text, mostly of the head that came, so that writing a head joins one piece a line and not four.
 */
export class Fields {
  readonly flat: string[] = [];

  /** Number of field lines. */
  get size(): number {
    return this.flat.length / 2;
  }

  /** The name of a line, by its place, in lower case. */
  nameAt(line: number): string {
    return this.flat[line * 2] ?? '';
  }

  /** The names of all lines, each once, in lower case. */
  names(): ReadonlySet<string> {
    return new Set(this.flat.filter((_, at) => at % 2 === 0));
  }

  /** A line as it is sent, by its place. */
  lineAt(line: number): string {
    return this.flat[line * 2 + 1] ?? '';
  }

  /** The value of a line, by its place. */
  valueAt(line: number): string {
    return valueIn(this.lineAt(line), this.nameAt(line));
  }

  /**
   * Appends a line; `name` is lower case. Throws for a value that cannot stand in a field (RFC 9110 section 5.5),
   * above all one with a line end: what comes from tokens or templates must not become another field.
   */
  append(name: string, value: string, received: string = name): void {
    if (!isValueText(value)) assert.fail(`a value of ${name} that cannot be sent`);
    this.flat.push(name, fieldLine(received, value));
  }

  /** Appends a line that {@link fieldLine} made of a value that can stand in a field. */
  appendLine(name: string, line: string): void {
    this.flat.push(name, line);
  }

  /** Appends all lines of `other`. */
  appendAll(other: Fields): void {
    for (const part of other.flat) this.flat.push(part);
  }

  /** The first value of `name` (lower case), or undefined. */
  get(name: string): string | undefined {
    const { flat } = this;
    for (let at = 0; at < flat.length; at += 2) {
      if (flat[at] === name) return valueIn(flat[at + 1] ?? '', name);
    }
    return undefined;
  }

  has(name: string): boolean {
    const { flat } = this;
    for (let at = 0; at < flat.length; at += 2) {
      if (flat[at] === name) return true;
    }
    return false;
  }

  /** The one value of `name` (lower case); null without one, undefined when there are several. */
  only(name: string): string | null | undefined {
    const { flat } = this;
    let value: string | null = null;
    for (let at = 0; at < flat.length; at += 2) {
      if (flat[at] !== name) continue;
      if (value !== null) return undefined;
      value = valueIn(flat[at + 1] ?? '', name);
    }
    return value;
  }

  /** All values of `name` joined by `, ` (RFC 9110 section 5.3), or undefined. */
  joined(name: string): string | undefined {
    const { flat } = this;
    let all: string | undefined;
    for (let at = 0; at < flat.length; at += 2) {
      if (flat[at] !== name) continue;
      const value = valueIn(flat[at + 1] ?? '', name);
      all = all === undefined ? value : `${all}, ${value}`;
    }
    return all;
  }

  /** Removes all lines of `name` (lower case). */
  remove(name: string): void {
    const { flat } = this;
    let kept = 0;
    for (let at = 0; at < flat.length; at += 2) {
      if (flat[at] === name) continue;
      if (kept !== at) {
        flat[kept] = flat[at] ?? '';
        flat[kept + 1] = flat[at + 1] ?? '';
      }
      kept += 2;
    }
    flat.length = kept;
  }

  /** Replaces all lines of `name` (lower case) by one. */
  set(name: string, value: string): void {
    this.remove(name);
    this.append(name, value);
  }
}

/** A field as it is sent (RFC 9112 section 5): its name as received or chosen, colon, space, value, CR LF. */
export function fieldLine(name: string, value: string): string {
  return `${name}: ${value}\r\n`;
}

function valueIn(line: string, name: string): string {
  return line.slice(name.length + 2, -2);
}

// Names that are another name to a backend: whoever puts fields into environment variables (CGI, WSGI, Rack, PHP) reads
// every character that is no letter and no digit as `_`, and so as `-`. What we decide about a name holds for its aliases.
import type { Fields } from './fields.ts';

/** Whether a backend may take the field name `received` for `name`; both are lower case. */
export function readsAs(received: string, name: string): boolean {
  if (received.length !== name.length) return false;
  if (received === name) return true;
  for (let at = 0; at < name.length; at += 1) {
    const octet = received.charCodeAt(at);
    const wanted = name.charCodeAt(at);
    if (octet !== wanted && !(separates(octet) && separates(wanted))) return false;
  }
  return true;
}

/**
 * `name` (lower case) with `-` for whatever may be read as one; the very same string nearly always.
 *
 * Hot path: called for many fields of every request, and so without an expression.
 */
export function plainName(name: string): string {
  for (let at = 0; at < name.length; at += 1) {
    const octet = name.charCodeAt(at);
    if (octet !== hyphen && separates(octet)) return name.replaceAll(/[^a-z0-9]/gu, '-');
  }
  return name;
}

/**
 * Removes every line whose name is one of `names` (lower case), or would be taken for one.
 *
 * Hot path: most lines differ in length and cost one comparison a name.
 */
export function removeFields(fields: Fields, names: readonly string[]): void {
  for (const name of names) removeField(fields, name);
}

/** {@link removeFields} of one name. */
export function removeField(fields: Fields, name: string): void {
  const { flat } = fields;
  for (let at = flat.length - 2; at >= 0; at -= 2) {
    const received = flat[at] ?? '';
    if (received.length === name.length && readsAs(received, name)) flat.splice(at, 2);
  }
}

/** Removes every line whose name would be taken for `name` (lower case) and is another. */
export function removeAliases(fields: Fields, name: string): void {
  const { flat } = fields;
  for (let at = flat.length - 2; at >= 0; at -= 2) {
    const received = flat[at] ?? '';
    if (received.length === name.length && received !== name && readsAs(received, name)) flat.splice(at, 2);
  }
}

const hyphen = 0x2d;

function separates(octet: number): boolean {
  return !(octet >= 0x61 && octet <= 0x7a) && !(octet >= 0x30 && octet <= 0x39);
}

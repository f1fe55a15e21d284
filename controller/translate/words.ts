// How words on what is wrong are made: the parts of the one table of words (conditions.ts) stand on this.

/** Which condition a problem speaks in, and how. */
export interface Words {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/** A part of the table: the words for each problem of `P`. */
export type WordsOf<P extends { readonly kind: string }> = {
  readonly [K in P['kind']]: (problem: Extract<P, { kind: K }>) => Words;
};

export function accepted(reason: string, message: string): Words {
  return { type: 'Accepted', reason, message };
}

export function resolvedRefs(reason: string, message: string): Words {
  return { type: 'ResolvedRefs', reason, message };
}

export function programmed(reason: string, message: string): Words {
  return { type: 'Programmed', reason, message };
}

export function conflicted(reason: string, message: string): Words {
  return { type: 'Conflicted', reason, message };
}

/** So many names are told where there may be thousands. */
const namesMax = 16;

/** `names` in a sentence. */
export function enumeration(names: readonly string[]): string {
  const more = names.length - namesMax;
  return `${names.slice(0, namesMax).join(', ')}${more > 0 ? ` and ${String(more)} more` : ''}`;
}

/** `text` with its full stop. */
export function sentence(text: string): string {
  return text.endsWith('?') ? text : `${text}.`;
}

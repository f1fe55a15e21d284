// Queries as the URL standard reads them (application/x-www-form-urlencoded), and as backends may.

/**
 * The one value of `parameter`; null without one, undefined when there are several.
 *
 * Hot path: mostly the parameter is not there, and one scan that makes nothing finds that.
 */
export function inQuery(query: string | null, parameter: string): string | null | undefined {
  if (query === null) return null;
  let only: string | null = null;
  for (let start = 0; start < query.length;) {
    const end = endOf(query, '&', start);
    if (isNamed(query, { start, end }, parameter)) {
      if (only !== null) return undefined;
      only = decoded(query.slice(start, end))[1];
    }
    start = end + 1;
  }
  return only;
}

/**
 * `query` without the parameters that are read under this name, also where only a backend would part them, by `;`. The
 * others stay as they were spelt.
 */
export function withoutParameter(query: string | null, parameter: string): string | null {
  if (query === null) return null;
  const kept: string[] = [];
  let isChanged = false;
  for (const pair of query.split('&')) {
    const parts = pair.split(';');
    const others = parts.filter((part) => !isNamed(part, { start: 0, end: part.length }, parameter));
    if (others.length < parts.length) isChanged = true;
    if (others.length > 0) kept.push(others.join(';'));
  }
  if (!isChanged) return query;
  return kept.length === 0 ? null : kept.join('&');
}

/** `query` with this one value of `parameter`, whatever it had before. */
export function withParameter(query: string | null, parameter: string, value: string): string {
  const rest = withoutParameter(query, parameter);
  const pair = `${encodeURIComponent(parameter)}=${encodeURIComponent(value)}`;
  return rest === null || rest === '' ? pair : `${rest}&${pair}`;
}

/** A part of a query. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** Whether the pair there has this name, as the URL standard reads it (application/x-www-form-urlencoded). */
function isNamed(query: string, { start, end }: Range, parameter: string): boolean {
  const equals = Math.min(end, endOf(query, '=', start));
  let isPlain = true;
  for (let at = start; at < equals && isPlain; at += 1) {
    const octet = query.charCodeAt(at);
    isPlain = octet !== percent && octet !== plus;
  }
  if (!isPlain) return decoded(query.slice(start, equals))[0] === parameter;
  return equals - start === parameter.length && equals > start && query.startsWith(parameter, start);
}

const percent = 0x25;
const plus = 0x2b;

/** Name and value of one pair. The sign in front keeps `?` a part of the name. */
function decoded(pair: string): readonly [string, string] {
  const [first] = new URLSearchParams(`&${pair}`);
  return first ?? ['', ''];
}

function endOf(query: string, sign: string, start: number): number {
  const at = query.indexOf(sign, start);
  return at === -1 ? query.length : at;
}

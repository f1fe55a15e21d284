// The one form in which paths of requests are matched and forwarded. Paths that rules name are brought into it when they
// are translated: in another spelling they would match nothing, and what guards them would guard nothing.

const plain = 0;
const needsCare = 1;
const refused = 2;

/** For each ASCII character of a path: plain, refused, or one that can begin something to normalise. */
const pathCharacters: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code <= 0x20 || code === 0x7f) return refused;
  const character = String.fromCharCode(code);
  if (character === '#' || character === '\\') return refused;
  return character === '%' || character === '.' || character === '/' || character === ';' ? needsCare : plain;
});

/**
 * `path` (which begins with `/`) in the one form in which it is matched and forwarded, or null when it is to be
 * refused. Normalising twice changes nothing.
 *
 * Hot path: most paths are normal already; one scan finds that out and the path itself is returned.
 */
export function normalisePath(path: string): string | null {
  let previous = 0;
  let normal = true;
  const { length } = path;
  for (let at = 0; at < length; at += 1) {
    const code = path.charCodeAt(at);
    if (code > 0x7e) return null;
    const kind = pathCharacters[code];
    if (kind === refused) return null;
    if (kind === needsCare && code !== 0x3b) {
      // `//`, `/.` and any escape; a dot or a slash elsewhere is nothing special
      if (code === 0x25 || (previous === 0x2f && code !== 0x25)) normal = false;
    }
    previous = code;
  }
  return normal ? path : normaliseWithCare(path);
}

function normaliseWithCare(path: string): string | null {
  const decoded = decodeUnreserved(path);
  return decoded === null ? null : removeDotSegments(decoded);
}

/** Escapes of unreserved characters decoded, others in upper case; null for a broken or refused one. */
function decodeUnreserved(path: string): string | null {
  if (!path.includes('%')) return path;
  let decoded = '';
  let from = 0;
  for (let at = path.indexOf('%'); at !== -1; at = path.indexOf('%', at + 3)) {
    const digits = path.slice(at + 1, at + 3);
    if (!/^[0-9A-Fa-f]{2}$/u.test(digits)) return null;
    const code = Number.parseInt(digits, 16);
    if (code === 0x2f || code === 0x5c || code === 0) return null;
    const character = String.fromCharCode(code);
    decoded += path.slice(from, at);
    decoded += /[A-Za-z0-9\-._~]/u.test(character) ? character : `%${digits.toUpperCase()}`;
    from = at + 3;
  }
  return decoded + path.slice(from);
}

/** RFC 3986 section 5.2.4, with empty segments merged; null for a dot segment with parameters. */
function removeDotSegments(path: string): string | null {
  const kept: string[] = [];
  const segments = path.split('/');
  for (const segment of segments) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else if (segment.startsWith('.;') || segment.startsWith('..;')) return null;
    else kept.push(segment);
  }
  const last = segments.at(-1);
  const isFolder = last === '' || last === '.' || last === '..';
  return kept.length === 0 ? '/' : `/${kept.join('/')}${isFolder ? '/' : ''}`;
}

/**
 * The form in which requests have the path that a rule names (it begins with `/`), what may not stand in a path encoded;
 * null when they can have none: a gateway refuses those with an encoded slash, backslash or NUL.
 */
export function namedPath(path: string): string | null {
  const encoded = path
    .toWellFormed()
    .replaceAll(/%(?![0-9A-Fa-f]{2})|[^\u0021-\u007e]|[#?]/gu, (character) => encodeURIComponent(character));
  return normalisePath(encoded);
}

// Counting by segments of the path.

type Part = { readonly kind: 'Text'; readonly text: string } | { readonly kind: 'Any' | 'Named' };

/**
 * Reads what the named segments of a path hold that fits `template`; null for one that does not fit. The path is that by which
 * requests are routed, with characters that need no escape in a segment (RFC 3986 section 3.3) decoded, so each segment
 * has one spelling. A slash at the end makes no difference, nor do parameters behind a `;` of any segment: many backends
 * read such paths as the same, and one caller should not count as many, or as nobody.
 *
 * Hot path: one walk over the path; of a path that does not fit no further than to where that shows.
 */
export function templateReader(template: string): (path: string) => string | null {
  const segments = template.slice(1).split('/');
  const isOpen = segments.at(-1) === '**';
  const parts = (isOpen ? segments.slice(0, -1) : segments).map(partOf);
  const isOneText = parts.filter(({ kind }) => kind === 'Named').length === 1;
  return (routed) => {
    const path = routed.includes('%') ? routed.replace(needlessEscapes, decodeURIComponent) : routed;
    let key = '';
    let from = 1;
    for (const part of parts) {
      if (from >= path.length) return null;
      const slash = path.indexOf('/', from);
      const end = slash === -1 ? path.length : slash;
      if (part.kind === 'Text') {
        const textEnd = from + part.text.length;
        const isOver = textEnd === end || (textEnd < end && path.charCodeAt(textEnd) === semicolon);
        if (!isOver || !path.startsWith(part.text, from)) return null;
      } else if (part.kind === 'Named') {
        const text = withoutParameters(path.slice(from, end));
        if (text === '') return null;
        // Behind its length, so that no two lists of texts are one key.
        key = isOneText ? text : `${key}${String(text.length)}:${text}`;
      }
      from = end + 1;
    }
    return isOpen || from >= path.length ? key : null;
  };
}

/** Of the characters `!$&'()*+,:=@`; a `;` that is escaped begins no parameters. */
const needlessEscapes = /%(?:2[146-9A-C]|3[AD]|40)/g;
const semicolon = 0x3b;

function partOf(segment: string): Part {
  if (segment === '*') return { kind: 'Any' };
  return segment.startsWith('{') ? { kind: 'Named' } : { kind: 'Text', text: segment };
}

function withoutParameters(segment: string): string {
  const end = segment.indexOf(';');
  return end === -1 ? segment : segment.slice(0, end);
}

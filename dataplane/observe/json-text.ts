/** What JSON, log readers that split on Unicode line ends, or terminals would take for something else. */
// oxlint-disable-next-line no-control-regex -- these are the characters to find
const special = /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/;
const alsoSpecial = /[\u007f-\u009f\u2028\u2029]/g;

/**
 * `text` as a JSON string (RFC 8259 section 7), cut after `lengthMax` UTF-16 units. The result holds no control
 * character and no line end of any alphabet, and lone surrogates are escaped.
 *
 * Hot path: nearly all values need no escape, and one regular expression tells so.
 */
export function jsonText(text: string, lengthMax: number): string {
  const cut = text.length > lengthMax ? `${text.slice(0, lengthMax)}…` : text;
  if (!special.test(cut)) return `"${cut}"`;
  return JSON.stringify(cut).replaceAll(alsoSpecial, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The names in `text`, separated by commas, spaces around them left away; null when one of them is empty. */
export function parseList(text: string): readonly string[] | null {
  const names = text.split(',').map((name) => name.trim());
  return names.includes('') ? null : names;
}

/** A line that names something. */
export interface RevokedLine {
  readonly text: string;
  /** From 1 on. */
  readonly number: number;
}

/** What a list without any line lacks: an export that failed leaves an empty one, and must not take back what was revoked. */
export const namesNothing = 'names nothing; where nothing is revoked, write none';

/**
 * The lines of a list of what is revoked, without blanks around them, empty ones and those that begin with `#`. None
 * where the only one is `none`; null where there is no line at all.
 */
export function revokedLines(text: string): readonly RevokedLine[] | null {
  const lines = text
    .split('\n')
    .map((line, index) => ({ text: line.trim(), number: index + 1 }))
    .filter((line) => line.text !== '' && !line.text.startsWith('#'));
  if (lines.length === 0) {
    return null;
  }
  return lines.length === 1 && lines[0]?.text === 'none' ? [] : lines;
}

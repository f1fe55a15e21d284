import { RE2JS, RE2JSException } from 're2js';

/** What keeps `pattern` from being a regular expression in RE2 syntax, with the column; null when it is one. */
export function patternProblem(pattern: string): string | null {
  try {
    RE2JS.compile(pattern);
    return null;
  } catch (error) {
    if (!(error instanceof RE2JSException)) {
      throw error;
    }
    return `column ${String(columnOf(pattern, error))}: ${reasonOf(error)}`;
  }
}

function columnOf(pattern: string, error: RE2JSException): number {
  const fragment = 'input' in error && typeof error.input === 'string' ? error.input : '';
  // Where all of the pattern is blamed something lacks at its end.
  return fragment === pattern || fragment === '' ? pattern.length + 1 : pattern.indexOf(fragment) + 1;
}

function reasonOf(error: RE2JSException): string {
  return error.message.replace(/^error parsing regexp: /, '');
}

import { RE2JS, RE2JSException } from 're2js';

/**
 * Most instructions a pattern may compile to, and most repetitions it may write out. Matching is linear, but takes
 * instructions x characters: without a limit one route could hold up a data plane, or the translation itself.
 */
const instructionsMax = 1000;

/** What keeps `pattern` from being used as a regular expression in RE2 syntax (with the column); null: nothing. */
export function patternProblem(pattern: string): string | null {
  if (repetitions(pattern) > instructionsMax) {
    return `it repeats more than ${String(instructionsMax)} times in all; use * or +, or split the rule`;
  }
  try {
    const size = RE2JS.compile(pattern).programSize();
    return size > instructionsMax
      ? `it compiles to ${String(size)} instructions, at most ${String(instructionsMax)} are allowed; simplify it`
      : null;
  } catch (error) {
    if (!(error instanceof RE2JSException)) {
      throw error;
    }
    return `column ${String(columnOf(pattern, error))}: ${reasonOf(error)}; correct it`;
  }
}

/** The sum of all counts in braces: what they write out costs time before the program can be measured. */
function repetitions(pattern: string): number {
  let sum = 0;
  for (const [, least = '', most = ''] of pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)) {
    sum += Math.max(Number(least), Number(most));
  }
  return sum;
}

function columnOf(pattern: string, error: RE2JSException): number {
  const fragment = 'input' in error && typeof error.input === 'string' ? error.input : '';
  const lacks = fragment === '' || reasonOf(error).startsWith('missing closing');
  return lacks ? pattern.length + 1 : pattern.indexOf(fragment) + 1;
}

function reasonOf(error: RE2JSException): string {
  return error.message.replace(/^error parsing regexp: /, '');
}

import { RE2JS } from 're2js';
import { CompileFailure } from './evaluation.ts';
import type { Frame } from './evaluation.ts';
import { patternProblem } from './regular-expression.ts';

/**
 * Whether a text holds a match of `pattern`, which is in RE2 syntax: in time linear in the text, and charged for.
 * Throws CompileFailure for what is no pattern, or too large a one.
 */
export function patternTest(
  pattern: string,
  offset: number,
): (text: string, frame: Frame<unknown>) => boolean {
  const problem = patternProblem(pattern);
  if (problem !== null) throw new CompileFailure(offset, `the pattern of matches(): ${problem}`);
  const compiled = RE2JS.compile(pattern);
  const size = compiled.programSize();
  return (text, frame) => {
    frame.charge(Math.trunc((size * text.length) / 8));
    return compiled.test(text);
  };
}

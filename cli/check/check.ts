// turnpike check: looks at the options first, and loads the translation only when they are good.
import { parseArgs } from 'node:util';
import { optionProblem } from '../option-problem.ts';
import { checkHelp } from '../usage.ts';

/** The exit code: 0 all well, 1 problems, 2 nothing could be checked. */
export async function check(args: readonly string[]): Promise<number> {
  let folders: readonly string[];
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { help: { type: 'boolean', short: 'h', default: false } },
      allowPositionals: true,
    });
    if (values.help) {
      process.stdout.write(checkHelp);
      return 0;
    }
    if (positionals.length === 0) throw new TypeError('name a folder');
    folders = positionals;
  } catch (error) {
    console.error(`turnpike: ${optionProblem(error)}\n\n${checkHelp}`);
    return 2;
  }
  const { report } = await import('./report.ts');
  return report(folders);
}

// turnpike up: looks at the options first, and loads both planes only when they are good.
import { optionProblem } from '../option-problem.ts';
import { upHelp } from '../usage.ts';
import { upOptions } from './options.ts';
import type { UpOptions } from './options.ts';

/** Runs until a signal; sets a non-zero exit code when it cannot start. */
export async function up(args: readonly string[]): Promise<void> {
  let options: UpOptions | null;
  try {
    options = upOptions(args);
  } catch (error) {
    console.error(`turnpike: ${optionProblem(error)}\n\n${upHelp}`);
    process.exitCode = 2;
    return;
  }
  if (options === null) {
    process.stdout.write(upHelp);
    return;
  }
  const { runStandalone } = await import('./run.ts');
  await runStandalone(options);
}

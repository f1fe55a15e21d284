// What one step of a request costs inside Turnpike as there is more to choose from: it must stay the same.
import { runProgram } from './loads/load.ts';
import type { Cores } from './ground.ts';
import type { CostResult } from './report/results.ts';

/** Looks at lookups of routes and picks of endpoints, on the measured processor. */
export async function measureCosts(cores: Cores): Promise<readonly CostResult[]> {
  const alone = { measured: cores.measured, load: cores.measured };
  return runProgram<readonly CostResult[]>(alone, '../costs-program.ts', [], 300);
}

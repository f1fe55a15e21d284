// How much passes where data planes count together, what that costs, what holds when Redis does not answer, and what keeping
// out costs. See docs/performance.md.
import { parseArgs } from 'node:util';
import { machine } from '../machine.ts';
import { needProgram } from '../peers/programs.ts';
import { allParts } from './catalog.ts';
import { partsPage, publishParts } from '../report/parts.ts';
import type { PartResult } from '../report/parts.ts';

const names = allParts.map(({ name }) => name);
const usage = `usage: npm run bench:limits -- [OPTION ...]

  --rounds N     rounds of what varies (default 3)
  --only NAMES   parts to measure, separated by commas: ${names.join(', ')}
  --publish      writes the tables into docs/performance.md and its JSON; parts that were not measured stay there
  --help         tells this

All parts with 3 rounds take about ten minutes on two cores. Needs Linux, redis-server and nginx.`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    publish: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  for (const program of ['redis-server', 'nginx', 'taskset']) await needProgram(program);
  const only = values.only?.split(',') ?? names;
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`there is no part ${unknown}`);
  const ground = { rounds: Number(values.rounds), tell: (line: string) => console.error(line) };
  const parts: Record<string, PartResult> = {};
  for (const part of allParts.filter(({ name }) => only.includes(name))) {
    ground.tell(part.title);
    const measured = await part.measure(ground);
    parts[part.name] = { title: part.title, measuredAt: new Date().toISOString(), ...measured };
  }
  const results = { machine: machine(), parts };
  console.log(partsPage(results));
  if (values.publish) await publishParts('limits', results, names);
}

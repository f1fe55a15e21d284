// Loaded into a process that is measured (`node --import THIS?file=FILE`): how long its event loop was held at most.
// Time in which the machine gave the process no processor does not count: on few of them that is most of it. At
// SIGUSR2 the figure is written into FILE, and begins anew.
import { writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

const file = new URL(import.meta.url).searchParams.get('file') ?? '';
const everyMs = 2;
let heldMsMax = 0;
let last = { at: performance.now(), cpu: cpuMs() };

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

setInterval(() => {
  const now = { at: performance.now(), cpu: cpuMs() };
  heldMsMax = Math.max(heldMsMax, Math.min(now.at - last.at, now.cpu - last.cpu));
  last = now;
}, everyMs).unref();

process.on('SIGUSR2', () => {
  writeFileSync(file, String(heldMsMax));
  heldMsMax = 0;
});

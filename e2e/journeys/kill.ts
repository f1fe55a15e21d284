// Sudden death: what a crash or the kernel's out-of-memory killer does to a container.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import type { Journey, Pod } from './journey.ts';

/**
 * SIGKILL for all that runs in the pod. The kubelet then starts its container again, at once the first time. On a
 * cluster whose node is another machine the pod is deleted without grace instead, which is as sudden.
 */
export async function killPod(journey: Journey, pod: Pod): Promise<void> {
  if (journey.site.cluster.node === null) {
    await journey.kubectl('delete', `pod/${pod.name}`, '--grace-period=0', '--force', '--wait=false');
    return;
  }
  const found = await processesOf(pod);
  assert.ok(found.length > 0, `nothing runs in pod ${pod.name}`);
  found.forEach(kill);
}

/** Ends the process, also when it ended by itself since it was found: as a child does whose parent went before it. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** What the harness's pause image runs: it holds the pod's network, and without it the pod gets another address. */
const sandboxProgram = '/program';

/** By control group, without the sandbox. */
async function processesOf({ uid }: Pod): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found: number[] = [];
  for (const pid of pids) {
    // A process may end while it is looked at.
    const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
    if (!(await read('cgroup')).includes(`pod${uid}/`)) continue;
    if (!(await read('cmdline')).startsWith(sandboxProgram)) found.push(Number(pid));
  }
  return found;
}

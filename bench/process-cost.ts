// What a process costs, by Linux's own books (proc(5)): CPU time and memory, with the children it has now.
import { readFileSync } from 'node:fs';

const ticksPerSecond = 100;

/** Microseconds of CPU, user and system, that the process and its children have used so far. */
export function cpuMicros(pid: number): number {
  return treeOf(pid).reduce((sum, id) => sum + ownMicros(id), 0);
}

/** Resident memory of the process and its children in octets; pages they hold together count once for each. */
export function residentBytes(pid: number): number {
  return treeOf(pid).reduce((sum, id) => sum + ownResident(id), 0);
}

/** Microseconds in which the processor did anything at all, for whomever. */
export function busyMicros(core: number): number {
  const line = readFileSync('/proc/stat', 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`cpu${core} `));
  const fields = (line ?? '').trim().split(/\s+/).slice(1).map(Number);
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, softInterrupts = 0] = fields;
  return ((user + nice + system + interrupts + softInterrupts) / ticksPerSecond) * 1e6;
}

function treeOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return [pid, ...children.filter((id) => id !== '').flatMap((id) => treeOf(Number(id)))];
}

function ownMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6;
}

function ownResident(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}

// One controller and one data plane as processes, as the end-to-end tests run them, but with what their containers
// give Node: their environment, code that is compiled already, and so much memory for young objects as V8 takes of the
// limits that charts set.
import { readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { eventually } from '#e2e/cluster/eventually.ts';
import { entryPoint } from '#e2e/images/entry-point.ts';
import { edgeGateway, Turnpike } from '#e2e/turnpike/turnpike.ts';
import type { Controller } from '#e2e/turnpike/controller.ts';
import type { DataPlane } from '#e2e/turnpike/data-plane.ts';
import type { Start } from './subject.ts';

const packageFile = path.join(import.meta.dirname, '../../package.json');
const watch = path.join(import.meta.dirname, 'loop-watch.ts');

/** Of 1 GiB, the limit of a controller, and of 512 MiB, that of a data plane, V8 takes these MiB by itself. */
const young = { controller: '--max-semi-space-size=8', dataPlane: '--max-semi-space-size=4' } as const;

export const startTurnpike: Start = async () => {
  Object.assign(process.env, entryPoint('dataplane').environment, {
    NODE_COMPILE_CACHE: path.join(tmpdir(), 'compile-cache'),
  });
  const turnpike = await Turnpike.install();
  const [controller, other] = turnpike.controllers;
  const { folder } = turnpike.cluster;
  const files = { controller: `${folder}/controller.held`, dataPlane: `${folder}/data-plane.held` };
  if (controller === undefined) throw new Error('there is no controller');
  await other?.stop();
  await startCompiled(controller, [young.controller, `--import=file://${watch}?file=${files.controller}`]);
  await turnpike.apply(...edgeGateway(1));
  await turnpike.startDataPlanes(1);
  const [dataPlane] = turnpike.dataPlanes;
  if (dataPlane === undefined) throw new Error('there is no data plane');
  await startCompiled(dataPlane, [young.dataPlane, `--import=file://${watch}?file=${files.dataPlane}`]);
  await turnpike.kubectl('wait', '--for=condition=Programmed', '--timeout=60s', 'gateway/edge');
  const { version } = JSON.parse(await readFile(packageFile, 'utf8')) as { readonly version: string };
  const pids = { controller: controller.pid, dataPlane: dataPlane.pid };
  return {
    name: 'Turnpike',
    version,
    cluster: turnpike.cluster,
    address: dataPlane.address,
    pids,
    heldMs: async () => ({
      controller: await heldMs(pids.controller, files.controller),
      dataPlane: await heldMs(pids.dataPlane, files.dataPlane),
    }),
    stop: () => turnpike.stop(),
  };
};

/** Starts it anew, twice: the first time compiles, as the making of its image does, for the same options. */
async function startCompiled(plane: Controller | DataPlane, options: readonly string[]): Promise<void> {
  await plane.stop();
  await plane.start(...options);
  await plane.stop();
  await plane.start(...options);
}

async function heldMs(pid: number, file: string): Promise<number> {
  const before = await writtenAt(file);
  process.kill(pid, 'SIGUSR2');
  return eventually(`process ${pid} tells how long its loop was held`, async () => {
    const now = await writtenAt(file);
    return now.at === before.at ? undefined : now.value;
  });
}

async function writtenAt(file: string): Promise<{ readonly at: number; readonly value: number }> {
  const found = await stat(file).catch(() => null);
  return { at: found?.mtimeMs ?? 0, value: found === null ? 0 : Number(await readFile(file, 'utf8')) };
}

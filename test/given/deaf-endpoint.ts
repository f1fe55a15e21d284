import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A port of loopback that answers no attempt to connect at all, as the address of a pod that is gone. */
export interface DeafEndpoint extends AsyncDisposable {
  readonly port: number;
}

const program = `
import net from 'node:net';
const server = net.createServer();
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  process.send(server.address().port, () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});
`;

/** A process that listens and takes no connection, with its queue full: the kernel drops whatever else comes. */
export async function aDeafEndpoint(): Promise<DeafEndpoint> {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-deaf-'));
  const file = path.join(folder, 'deaf.mjs');
  await writeFile(file, program);
  const child = fork(file, { execArgv: [] });
  const port = Number((await once(child, 'message'))[0]);
  const fillers: net.Socket[] = [];
  while (await connects(port, fillers));
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const filler of fillers) filler.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}

/** Whether one more connection is taken into the queue. */
async function connects(port: number, fillers: net.Socket[]): Promise<boolean> {
  const filler = net.connect(port, '127.0.0.1');
  filler.on('error', () => {});
  fillers.push(filler);
  const late = new Promise<false>((resolve) => {
    setTimeout(() => resolve(false), 300);
  });
  return Promise.race([once(filler, 'connect').then(() => true), late]);
}

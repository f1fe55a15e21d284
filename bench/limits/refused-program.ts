// What a connection that is kept out costs, beside the cheapest one that is served: in the clear, with one request that no
// route matches. Paired: rounds of each kind take turns, and the CPU time of this process is what counts; clients are a
// process of their own. Says a line of JSON. usage: refused-program.ts [ROUNDS]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { aPort, aRuntime } from '#test/given/runtime.ts';
import { connectionFloods, givenProtecting } from '#test/given/protection.ts';

/** The first are cold. */
const coldRounds = 3;
const rounds = Number(process.argv[2] ?? 18) + coldRounds;
const connections = 2000;
const atOnce = 16;
const get = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

/** Microseconds of CPU a connection, of one round. */
export interface RefusedCost {
  readonly refused: number;
  readonly served: number;
}

interface Task {
  readonly port: number;
  readonly asks: boolean;
}

if (process.send === undefined) await measure();
else process.on('message', (task) => void flood(task as Task).then(() => process.send?.('done')));

/** Opens all connections, each until the other side closes it. */
async function flood({ port, asks }: Task): Promise<void> {
  let left = connections;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await new Promise<void>((resolve) => {
        const socket = net.connect({ port, host: '127.0.0.1' }, () => void (asks && socket.write(get)));
        socket.on('error', () => undefined);
        socket.on('close', () => resolve());
        socket.resume();
      });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function measure(): Promise<void> {
  const { guard } = givenProtecting();
  const full = guard({
    connections: connectionFloods({ opened: { count: 1, windowMs: 3_600_000, burst: 1 } }),
  });
  full.admit('127.0.0.1');
  const port = aPort(80, { '': () => null });
  using dataPlane = await givenDataPlane([], { runtime: () => aRuntime(port) });
  const clients = fork(import.meta.filename);
  const microseconds = async (refuses: boolean): Promise<number> => {
    dataPlane.cell.current = aRuntime({ ...port, guard: refuses ? full : null });
    await dataPlane.listeners.follow();
    const before = process.cpuUsage();
    clients.send({ port: dataPlane.port, asks: !refuses } satisfies Task);
    await once(clients, 'message');
    const { user, system } = process.cpuUsage(before);
    return (user + system) / connections;
  };
  const pairs: RefusedCost[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const refused = await microseconds(true);
    pairs.push({ refused, served: await microseconds(false) });
  }
  clients.kill();
  process.stdout.write(`${JSON.stringify(pairs.slice(coldRounds))}\n`);
}

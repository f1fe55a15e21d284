import { once } from 'node:events';
import net from 'node:net';

/** A port of loopback that leads to another one, from which each answer comes so much later. */
export interface SlowWay extends Disposable {
  readonly port: number;
  ms: number;
}

/** See {@link SlowWay}. */
export async function givenSlowWay(to: number, ms: number): Promise<SlowWay> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((near) => {
    const far = net.connect(to, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => void other.destroy());
    }
    near.pipe(far);
    let lastMs = 0;
    far.on('data', (data) => {
      // What came first goes first, also when the way has become a faster one.
      lastMs = Math.max(lastMs, performance.now() + way.ms);
      const waitMs = lastMs - performance.now();
      if (waitMs > 0) setTimeout(() => near.write(data), waitMs);
      else near.write(data);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const way: SlowWay = {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    ms,
    [Symbol.dispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return way;
}

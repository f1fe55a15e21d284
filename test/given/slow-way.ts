import { once } from 'node:events';
import net from 'node:net';

/** A port of loopback that leads to another one, from which each answer comes so much later. */
export async function givenSlowWay(to: number, ms: number): Promise<Disposable & { readonly port: number }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((near) => {
    const far = net.connect(to, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    near.pipe(far);
    far.on('data', (data) => void setTimeout(() => near.write(data), ms));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    [Symbol.dispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

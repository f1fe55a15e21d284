// Clients that hold connections by being slow, each from a loopback address of its own (Linux owns all of 127.0.0.0/8).
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** Silent says nothing; Head and Body send an octet now and then, of a request's head or its content; Read asks for much and reads nothing. */
export type Slowness = 'Silent' | 'Head' | 'Body' | 'Read';

export const slownesses: readonly Slowness[] = ['Silent', 'Head', 'Body', 'Read'];

const opening: Readonly<Record<Slowness, string>> = {
  Silent: '',
  Head: 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ',
  Body: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n',
  Read: 'GET /large HTTP/1.1\r\nHost: a\r\n\r\n',
};

/** Who is there now. */
export interface SlowClients extends Disposable {
  /** Connections that were made. */
  connected(): number;
  /** How long the longest of those lived that were cut, and saw it; milliseconds. */
  longestMs(): number;
  /** Those that have not seen that they were cut; readers that read nothing do not see it. */
  open(): number;
}

export interface SlowChoices {
  readonly port: number;
  readonly count: number;
  readonly slowness: Slowness;
  /** Each sends an octet so often. */
  readonly dripMs: number;
  /** So many come in a second, evenly; as fast as they can without it. */
  readonly perSecond?: number;
}

const rounds = 50;

/** Opens them all, no more than 200 at once, and settles when each has connected or failed to. */
export async function slowClients(choices: SlowChoices): Promise<SlowClients> {
  const { port, count, slowness, dripMs, perSecond = Number.POSITIVE_INFINITY } = choices;
  const sockets = new Set<net.Socket>();
  let connected = 0;
  let longestMs = 0;
  let next = 0;
  const open = (at: number): Promise<void> =>
    new Promise((resolve) => {
      const localAddress = `127.1.${at >> 7}.${(at & 127) + 1}`;
      const socket = net.connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
      let sinceMs = 0;
      socket.once('connect', () => {
        connected += 1;
        sinceMs = performance.now();
        sockets.add(socket);
        socket.write(opening[slowness]);
        resolve();
      });
      if (slowness !== 'Read') socket.resume();
      socket.on('error', () => {});
      socket.once('close', () => {
        if (sockets.delete(socket)) longestMs = Math.max(longestMs, performance.now() - sinceMs);
        resolve();
      });
    });
  const beganMs = performance.now();
  const opener = async (): Promise<void> => {
    while (next < count) {
      const at = next++;
      const earlyMs = beganMs + (at * 1000) / perSecond - performance.now();
      if (earlyMs > 0) await pause(earlyMs);
      await open(at);
    }
  };

  // A share of them at a time, so that dripping is no burst that an honest client would feel.
  let round = 0;
  const drip = (): void => {
    let at = 0;
    for (const socket of sockets) if (at++ % rounds === round) socket.write('x');
    round = (round + 1) % rounds;
  };
  const drips = slowness === 'Head' || slowness === 'Body';
  const timer = drips ? setInterval(drip, dripMs / rounds) : null;
  await Promise.all(Array.from({ length: 200 }, opener));
  return {
    connected: () => connected,
    longestMs: () => longestMs,
    open: () => sockets.size,
    [Symbol.dispose]() {
      if (timer !== null) clearInterval(timer);
      for (const socket of sockets) socket.destroy();
    },
  };
}

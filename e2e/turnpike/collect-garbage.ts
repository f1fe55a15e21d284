// A full garbage collection of another process, by its inspector: what is left then is what it keeps.
import { once } from 'node:events';

/** Resolves when the Node that was started with `--inspect=ADDRESS:9229` has collected all garbage. */
export async function collectGarbage(address: string): Promise<void> {
  const response = await fetch(`http://${address}:9229/json/list`);
  const [target] = (await response.json()) as { webSocketDebuggerUrl: string }[];
  const socket = new WebSocket(target?.webSocketDebuggerUrl ?? '');
  const signal = AbortSignal.timeout(10_000);
  try {
    await once(socket, 'open', { signal });
    socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }));
    for (;;) {
      const [message] = (await once(socket, 'message', { signal })) as [{ readonly data: string }];
      const { id, error } = JSON.parse(message.data) as { id?: number; error?: { message: string } };
      if (error !== undefined) throw new Error(error.message);
      if (id === 1) return;
    }
  } finally {
    socket.close();
  }
}

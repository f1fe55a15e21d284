// Slow clients (reliability, T-43): each is cut in its time, and honest ones on the same port are served meanwhile. The long
// form, with 10,000 of each kind and the defaults of a running Turnpike, is slowloris-program.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenBackend } from '../given/backend.ts';
import { givenDataPlane } from '../given/data-plane.ts';
import { eventually } from '../given/eventually.ts';
import { request } from '../given/http-client.ts';
import { slowClients, slownesses } from './slow-clients.ts';
import type { Slowness } from './slow-clients.ts';

/**
 * All else is as without any policy. They are half of the connections there may be, and what readers leave unread is
 * more than the memory for clients: so time-outs of 10 and of 30 seconds are shorter.
 */
const limits = { connectionsMax: 1_000, bufferedBytesMax: 2_000_000 };
/** Ten seconds, and time for a machine that is busy; with the whole of each time-out it were 30. */
const cutWithinMs = 20_000;
/** Readers fill the kernel's memory, some megabytes each. */
const counts = { Silent: 150, Head: 150, Body: 150, Read: 50 } satisfies Record<Slowness, number>;

test('500 slow clients are cut, and honest ones served meanwhile', async () => {
  const large = Buffer.alloc(32_000_000);
  await using backend = await givenBackend('shop', {
    answer: (incoming, answer) => {
      incoming.resume();
      incoming.once('end', () => answer.end(incoming.url === '/large' ? large : 'served'));
    },
  });
  using dataPlane = await givenDataPlane([backend.port], { limits });
  const { port } = dataPlane;
  using groups = new DisposableStack();
  const clients = await Promise.all(
    slownesses.map(async (slowness) =>
      groups.use(await slowClients({ port, count: counts[slowness], slowness, dripMs: 500 })),
    ),
  );
  const beganMs = performance.now();
  assert.equal(
    clients.reduce((sum, group) => sum + group.connected(), 0),
    500,
  );

  let served = 0;
  const honest = async (): Promise<boolean> => {
    const { status, body } = await request({ port, path: '/' });
    assert.deepEqual([status, body], [200, 'served']);
    served += 1;
    return dataPlane.listeners.connectionCount() <= 1;
  };
  await eventually(honest, cutWithinMs);
  const tookMs = performance.now() - beganMs;
  assert.ok(tookMs < cutWithinMs, `the last were cut after ${tookMs} ms`);
  assert.ok(served > 20, `${served} were served meanwhile`);
  for (const [at, slowness] of slownesses.entries()) {
    if (slowness === 'Read') continue;
    assert.equal(clients[at]?.open(), 0, `${slowness} clients did not see that they were cut`);
  }
});

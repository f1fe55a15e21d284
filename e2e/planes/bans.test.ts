// turnpike ban on a real API server: data planes follow what it writes, with the controller's own rights.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { turnpike as command } from '#test/given/command.ts';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { startEcho } from '../turnpike/echo.ts';
import { httpRoute, service } from '../turnpike/objects.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { Echo, Echoed } from '../turnpike/echo.ts';

describe('turnpike ban', () => {
  let turnpike: Turnpike;
  let echo: Echo;

  before(async () => {
    echo = await startEcho('shop-1', addressIn('backend', 1));
    turnpike = await Turnpike.serve(2);
    await turnpike.apply(...service('shop', [{ address: echo.address }]), httpRoute('shop', '/', 'shop'));
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await turnpike?.stop();
    await echo.stop();
  });

  const ban = (...args: readonly string[]) =>
    command(['ban', ...args, '--kubeconfig', turnpike.cluster.kubeconfig, '--namespace', 'default']);

  /** What each data plane answers; 0: it takes no connection of ours. */
  function answers(): Promise<readonly number[]> {
    const asked = turnpike.dataPlanes.map((one) =>
      one.ask({ path: '/' }).then(
        ({ status }) => status,
        () => 0,
      ),
    );
    return Promise.all(asked);
  }

  function untilAnswers(expected: number): Promise<true> {
    return eventually(
      `${expected} at all data planes`,
      async () => (await answers()).every((one) => one === expected) || undefined,
      { intervalMs: 10, deadlineMs: 10_000 },
    );
  }

  it('keeps an address out of all data planes until it is removed, and tells what there is', async (t) => {
    await untilAnswers(200);
    const [first] = turnpike.dataPlanes;
    assert.ok(first);
    const { headers } = JSON.parse((await first.ask({ path: '/' })).body) as Echoed;
    const us = headers['x-forwarded-for'] ?? '';

    const added = await ban('add', us, '--for', '1h', '--reason', 'a test');
    assert.equal(added.code, 0, added.stderr);
    const start = performance.now();
    await untilAnswers(0);
    t.diagnostic(`banned at all data planes ${(performance.now() - start).toFixed(0)} ms after turnpike ban`);
    assert.match(
      (await ban('list')).stdout,
      new RegExp(`^${us}/32 {2}Refuse {2}until .+ {2}a test {2}ban-`, 'mu'),
    );
    assert.match(await turnpike.kubectl('get', 'bans'), /\nban-\S+ +Refuse +\[".+"\] +\S+ +a test /u);

    const removed = await ban('remove', us);
    assert.equal(removed.code, 0, removed.stderr);
    await untilAnswers(200);
    const listed = (await ban('list')).stdout;
    assert.match(listed, /^\S+ {2}Lift {2}until /u);
    assert.ok(!listed.includes('Refuse'), listed);
  });

  it('says what the API server refuses, and which cluster it cannot reach', async () => {
    const refused = await ban('add', '192.0.2.7', '--reason', 'x'.repeat(300));
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /spec\.reason/u);
    const away = await command(['ban', 'list', '--kubeconfig', '/nowhere/kubeconfig']);
    assert.equal(away.code, 1);
    assert.match(away.stderr, /the kubeconfig cannot be read/u);
  });
});

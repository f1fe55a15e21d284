// A route is edited ten times a second at 1,000 requests a second: none fails, and the answers really change.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { addressIn } from '../cluster/namespace.ts';
import { startEcho } from '../turnpike/echo.ts';
import { startLoad } from '../turnpike/load.ts';
import { httpRoute, service } from '../turnpike/objects.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { Echo } from '../turnpike/echo.ts';

const rate = 1_000;
const seconds = 10;
const everyMs = 100;

describe('a route that is edited under load', () => {
  let turnpike: Turnpike;
  const echoes: Echo[] = [];

  before(async () => {
    turnpike = await Turnpike.serve(3);
    for (const [index, name] of ['blue', 'green'].entries()) {
      echoes.push(await startEcho(name, addressIn('backend', index + 1)));
      await turnpike.apply(...service(name, [{ address: addressIn('backend', index + 1) }]));
    }
    await turnpike.apply(httpRoute('shop', '/', 'blue'));
    await turnpike.until('httproute/shop', 'ResolvedRefs', 'True');
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    await turnpike?.stop();
    await Promise.all(echoes.map((one) => one.stop()));
  });

  /** What an editor of the object does, without the 100 ms that it takes kubectl to start. */
  async function sendTo(backend: string): Promise<void> {
    const place = '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes/shop';
    const { spec } = httpRoute('shop', '/', backend) as { spec: unknown };
    const response = await turnpike.cluster.fetch(place, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ spec }),
    });
    assert.equal(response.status, 200, await response.text());
  }

  it('fails no request, and every edit is seen', async (test) => {
    let last = '';
    let changes = 0;
    const load = startLoad({
      to: turnpike.addresses.slice(0, 1),
      ask: { path: '/' },
      rate,
      onAnswer(answer) {
        const by = answer.headers.get('x-served-by') ?? '';
        if (by !== last) changes += 1;
        last = by;
      },
    });
    const edits = (seconds * 1000) / everyMs;
    const startedAt = performance.now();
    for (let edit = 1; edit <= edits; edit += 1) {
      await sendTo(edit % 2 === 0 ? 'blue' : 'green');
      await pause(Math.max(0, startedAt + edit * everyMs - performance.now()));
    }
    const report = await load.stop();
    test.diagnostic(JSON.stringify({ edits, changes, ...report }));
    assert.deepEqual(report.failures, {});
    assert.deepEqual(Object.keys(report.statuses), ['200']);
    assert.ok(report.sent > 0.95 * rate * seconds, `only ${report.sent} were sent`);
    assert.ok(changes > 0.8 * edits, `${edits} edits, ${changes} changes of the answer`);
  });
});

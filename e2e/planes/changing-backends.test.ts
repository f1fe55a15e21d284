// Backends change under load: pods come and go as a rolling update lets them, a route leads now here, now there, and
// no request notices.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../cluster/eventually.ts';
import { addressIn } from '../cluster/namespace.ts';
import { startEcho } from '../turnpike/echo.ts';
import { startLoad } from '../turnpike/load.ts';
import { endpointSlice, httpRoute, service } from '../turnpike/objects.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { Echo } from '../turnpike/echo.ts';
import type { Load } from '../turnpike/load.ts';
import type { Place } from '../turnpike/objects.ts';

const rate = 400;
/** In a slow moment a connection for each request would be more than a backend's queue takes. */
const connections = 50;
const edited = { rate: 1_000, seconds: 10, everyMs: 100 };

describe('backends that change under load', () => {
  let turnpike: Turnpike;
  let load: Load | undefined;
  const pods: Echo[] = [];

  before(async () => {
    for (let number = 1; number <= 4; number += 1) {
      pods.push(await startEcho(`pod-${number}`, addressIn('backend', number)));
    }
    turnpike = await Turnpike.serve(3);
    await turnpike.apply(...service('shop', [pod(1), pod(2)]), httpRoute('shop', '/', 'shop'));
    await turnpike.until('httproute/shop', 'ResolvedRefs', 'True');
  });
  afterEach(async (test) => {
    await load?.stop();
    load = undefined;
    await turnpike.tellFailure(test as TestContext);
  });
  after(async () => {
    await turnpike?.stop();
    await Promise.all(pods.map((one) => one.stop()));
  });

  function pod(number: number, state: Place['state'] & string = 'Ready'): Place {
    return { address: addressIn('backend', number), state };
  }

  /** The Service's pods are these from now on; resolves when every data plane sends to no others. */
  async function change(running: Load, ...places: readonly Place[]): Promise<void> {
    await turnpike.apply(endpointSlice('shop', places));
    await eventually(`only ${JSON.stringify(places)} are used`, async () => {
      const before = running.report();
      await eventually('some requests', () =>
        running.report().sent > before.sent + rate / 4 ? true : undefined,
      );
      const used = Object.entries(running.report().servedBy)
        .filter(([name, count]) => count > (before.servedBy[name] ?? 0))
        .map(([name]) => name);
      const wanted = places.map(({ address }) => `pod-${address.split('.').at(-1)}`);
      return (used.length === wanted.length && used.every((name) => wanted.includes(name))) || undefined;
    });
  }

  it('moves to new pods and away from old ones, which then are gone, without failing a request', async (test) => {
    load = startLoad({ to: turnpike.addresses, ask: { path: '/' }, rate, connections });
    for (let round = 0; round < 3; round += 1) {
      await change(load, pod(1), pod(2), pod(3));
      await change(load, pod(2), pod(3), pod(4));
      await change(load, pod(4));
      await Promise.all(pods.slice(0, 3).map((one) => one.stop()));
      await Promise.all(pods.slice(0, 3).map((one) => one.start()));
      await change(load, pod(1), pod(2));
    }
    const report = await load.stop();
    test.diagnostic(JSON.stringify(report));
    assert.deepEqual(report.failures, {});
    assert.deepEqual(Object.keys(report.statuses), ['200']);
    assert.deepEqual(Object.keys(report.servedBy).sort(), ['pod-1', 'pod-2', 'pod-3', 'pod-4']);
  });

  it('leaves a pod that terminates alone while another is ready, and uses it when none is', async (test) => {
    load = startLoad({ to: turnpike.addresses, ask: { path: '/' }, rate, connections });
    await turnpike.apply(endpointSlice('shop', [pod(1, 'Terminating'), pod(2)]));
    await eventually('pod-1 is left alone', async () => {
      const before = load?.report().servedBy['pod-1'];
      const sent = load?.report().sent ?? 0;
      await eventually('some requests', () =>
        (load?.report().sent ?? 0) > sent + rate / 4 ? true : undefined,
      );
      return load?.report().servedBy['pod-1'] === before || undefined;
    });
    await turnpike.apply(endpointSlice('shop', [pod(1, 'Terminating'), pod(2, 'NotReady')]));
    await eventually('pod-1 is used again, and only it', async () => {
      const before = load?.report();
      await eventually('some requests', () =>
        (load?.report().sent ?? 0) > (before?.sent ?? 0) + rate / 4 ? true : undefined,
      );
      const now = load?.report();
      return (
        (now?.servedBy['pod-2'] === before?.servedBy['pod-2'] &&
          (now?.servedBy['pod-1'] ?? 0) > (before?.servedBy['pod-1'] ?? 0)) ||
        undefined
      );
    });
    const report = await load.stop();
    test.diagnostic(JSON.stringify(report));
    assert.deepEqual(report.failures, {});
    assert.deepEqual(Object.keys(report.statuses), ['200']);
  });

  it('answers 503 when there is no pod at all, and 200 as soon as one is back', async () => {
    await turnpike.apply(endpointSlice('shop', [pod(1, 'NotReady')]));
    for (const dataPlane of turnpike.dataPlanes) {
      const status = async () => (await dataPlane.ask({ path: '/' })).status;
      await eventually('503', async () => (await status()) === 503 || undefined, { intervalMs: 10 });
    }
    await turnpike.apply(endpointSlice('shop', [pod(1)]));
    for (const dataPlane of turnpike.dataPlanes) {
      const status = async () => (await dataPlane.ask({ path: '/' })).status;
      await eventually('200', async () => (await status()) === 200 || undefined, { intervalMs: 10 });
    }
  });

  /** Sends the route there as an editor of the object does, without the 100 ms that it takes kubectl to start. */
  async function sendTo(backend: string): Promise<void> {
    const place = '/apis/gateway.networking.k8s.io/v1/namespaces/default/httproutes/edited';
    const { spec } = httpRoute('edited', '/edited', backend) as { spec: unknown };
    const response = await turnpike.cluster.fetch(place, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ spec }),
    });
    assert.equal(response.status, 200, await response.text());
  }

  it('answers every one of 1,000 requests a second while a route is edited ten times a second', async (test) => {
    await turnpike.apply(
      ...service('blue', [pod(3)]),
      ...service('green', [pod(4)]),
      httpRoute('edited', '/edited', 'blue'),
    );
    await turnpike.until('httproute/edited', 'ResolvedRefs', 'True');
    let last = '';
    let changes = 0;
    load = startLoad({
      to: turnpike.addresses.slice(0, 1),
      ask: { path: '/edited' },
      rate: edited.rate,
      connections,
      onAnswer(answer) {
        const by = answer.headers.get('x-served-by') ?? '';
        if (by !== last) changes += 1;
        last = by;
      },
    });
    const edits = (edited.seconds * 1000) / edited.everyMs;
    const startedAt = performance.now();
    for (let edit = 1; edit <= edits; edit += 1) {
      await sendTo(edit % 2 === 0 ? 'blue' : 'green');
      await pause(Math.max(0, startedAt + edit * edited.everyMs - performance.now()));
    }
    const report = await load.stop();
    test.diagnostic(JSON.stringify({ edits, changes, ...report }));
    assert.deepEqual(report.failures, {});
    assert.deepEqual(Object.keys(report.statuses), ['200']);
    assert.ok(report.sent > 0.95 * edited.rate * edited.seconds, `only ${report.sent} were sent`);
    assert.ok(changes > 0.8 * edits, `${edits} edits, ${changes} changes of the answer`);
  });
});

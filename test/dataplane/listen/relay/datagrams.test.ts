import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anUnusedPort, givenDataPlane } from '../../../given/data-plane.ts';
import { eventually } from '../../../given/eventually.ts';
import { aRawBackend } from '../../../given/raw-backend.ts';
import { aDatagramEnd, aDatagramPort } from '../../../given/relay.ts';
import { aPort, aRule, aRuntime } from '../../../given/runtime.ts';
import type { DataPlaneChoices, GivenDataPlane } from '../../../given/data-plane.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';

interface GivenPlane extends Disposable {
  readonly dataPlane: GivenDataPlane;
  /** The bound port of UDP. */
  readonly port: number;
}

async function aDatagramPlane(
  backendPorts: readonly number[],
  choices: DataPlaneChoices = {},
): Promise<GivenPlane> {
  const dataPlane = await givenDataPlane(backendPorts, {
    runtime: (cluster: UpstreamCluster) => ({
      ...aRuntime(aPort(9000, { '': () => aRule(cluster) })),
      datagramPorts: new Map([[9000, aDatagramPort(cluster)]]),
    }),
    ...choices,
  });
  const port = dataPlane.listeners.boundDatagramPort(9000) ?? assert.fail('no port of UDP');
  return { dataPlane, port, [Symbol.dispose]: () => dataPlane[Symbol.dispose]() };
}

describe('datagrams', () => {
  it('go to an endpoint and its answers to whoever asked', async () => {
    using backend = await aDatagramEnd((text) => `echo ${text}`);
    using plane = await aDatagramPlane([backend.port]);
    using ann = await aDatagramEnd();
    using bob = await aDatagramEnd();
    for (const [client, name] of [
      [ann, 'ann'],
      [bob, 'bob'],
    ] as const) {
      for (const at of [1, 2, 3]) client.send(`${name} ${at}`, plane.port);
      await eventually(() => client.seen.length === 3);
      assert.deepEqual(
        client.seen.map(({ text, from }) => [text, from]),
        [1, 2, 3].map((at) => [`echo ${name} ${at}`, plane.port]),
      );
    }
    assert.equal(new Set(backend.seen.map(({ from }) => from)).size, 2);
    assert.equal(plane.dataPlane.listeners.connectionCount(), 2);
  });

  it('of one client go to the endpoint of its first one', async () => {
    const seen: string[] = [];
    using one = await aDatagramEnd((text) => (seen.push(text), 'one'));
    using two = await aDatagramEnd((text) => (seen.push(text), 'two'));
    using plane = await aDatagramPlane([one.port, two.port]);
    const answers: string[] = [];
    for (const name of ['ann', 'bob']) {
      using client = await aDatagramEnd();
      for (const at of [1, 2, 3, 4]) client.send(`${name} ${at}`, plane.port);
      await eventually(() => client.seen.length === 4);
      answers.push(client.seen.map(({ text }) => text).join(' '));
    }
    assert.deepEqual(answers.sort(), ['one one one one', 'two two two two']);
  });

  it('have a port beside the one of TCP that has the same number', async () => {
    await using web = await aRawBackend();
    using backend = await aDatagramEnd(() => 'over UDP');
    using plane = await aDatagramPlane([backend.port]);
    plane.dataPlane.setEndpoints([web.port]);
    const answer = await fetch(`http://127.0.0.1:${plane.dataPlane.port}/`);
    assert.equal(await answer.text(), 'ok');
  });

  it('end by silence, and are recorded then', async () => {
    using backend = await aDatagramEnd((text) => text + text);
    using plane = await aDatagramPlane([backend.port], {
      limits: { sweepMs: 5 },
      datagramLimits: { sessionIdleMs: 300 },
    });
    using client = await aDatagramEnd();
    client.send('12345', plane.port);
    await eventually(() => plane.dataPlane.records.length === 1);
    const [record] = plane.dataPlane.records;
    assert.deepEqual(
      [record?.protocol, record?.bytesIn, record?.bytesOut, record?.failure, record?.client.port],
      ['UDP', 5, 10, null, client.port],
    );
    assert.equal(plane.dataPlane.listeners.connectionCount(), 0);
    assert.deepEqual(
      [...plane.dataPlane.cluster.endpoints].map(({ load }) => load),
      [0],
    );
    client.send('again', plane.port);
    await eventually(() => client.seen.length === 2);
  });

  it('find another endpoint when one refuses them', async () => {
    const gone = await anUnusedPort();
    using backend = await aDatagramEnd(() => 'here');
    using plane = await aDatagramPlane([gone, backend.port]);
    using client = await aDatagramEnd();
    // a datagram that is refused is lost, as datagrams may be
    await eventually(() => {
      client.send('?', plane.port);
      return client.seen.length > 0;
    });
    const refused = plane.dataPlane.records.filter(({ failure }) => failure !== null);
    for (const { failure, endpoint } of refused) {
      assert.deepEqual([failure?.kind, endpoint], ['ConnectFailed', `127.0.0.1:${gone}`]);
    }
  });

  it('without an endpoint are dropped and recorded', async () => {
    using plane = await aDatagramPlane([]);
    using client = await aDatagramEnd();
    client.send('?', plane.port);
    await eventually(() => plane.dataPlane.records.length === 1);
    assert.equal(plane.dataPlane.records[0]?.failure?.kind, 'NoEndpoint');
    assert.equal(plane.dataPlane.listeners.connectionCount(), 0);
  });

  it('of more clients than there may be cost the one that was silent longest its place', async () => {
    using backend = await aDatagramEnd((text) => text);
    using plane = await aDatagramPlane([backend.port], { datagramLimits: { sessionsMax: 2 } });
    using ann = await aDatagramEnd();
    using bob = await aDatagramEnd();
    using eve = await aDatagramEnd();
    for (const client of [ann, bob, ann, eve]) {
      const before = client.seen.length;
      client.send('x', plane.port);
      await eventually(() => client.seen.length > before);
    }
    assert.equal(plane.dataPlane.listeners.connectionCount(), 2);
    assert.deepEqual(
      plane.dataPlane.records.map(({ client }) => client.port),
      [bob.port],
    );
  });

  it('of many clients of one port cost neither another port its clients nor connections their place', async () => {
    using backend = await aDatagramEnd((text) => text);
    using plane = await aDatagramPlane([backend.port], { limits: { connectionsMax: 6 } });
    const { cell, listeners, cluster, port: webPort } = plane.dataPlane;
    const other = { ...aDatagramPort(cluster), number: 9001 };
    cell.current = {
      ...cell.current,
      datagramPorts: new Map([...cell.current.datagramPorts, [9001, other]]),
    };
    await listeners.follow();
    using ann = await aDatagramEnd();
    ann.send('x', listeners.boundDatagramPort(9001) ?? 0);
    await eventually(() => ann.seen.length === 1);
    for (let at = 0; at < 10; at += 1) {
      using eve = await aDatagramEnd();
      eve.send('x', plane.port);
      await eventually(() => eve.seen.length === 1);
    }
    assert.equal(listeners.connectionCount(), 3);
    assert.ok(plane.dataPlane.records.every(({ client }) => client.port !== ann.port));
    plane.dataPlane.setEndpoints([]);
    assert.equal((await fetch(`http://127.0.0.1:${webPort}/`)).status, 503);
  });

  it('go on to another endpoint once theirs has left, and to none by a route that has', async () => {
    using before = await aDatagramEnd(() => 'before');
    using after = await aDatagramEnd(() => 'after');
    using plane = await aDatagramPlane([before.port]);
    using client = await aDatagramEnd();
    client.send('1', plane.port);
    await eventually(() => client.seen.length === 1);
    plane.dataPlane.setEndpoints([after.port]);
    client.send('2', plane.port);
    await eventually(() => client.seen.length === 2);
    assert.deepEqual(
      client.seen.map(({ text }) => text),
      ['before', 'after'],
    );
    const { cell, cluster, records } = plane.dataPlane;
    const port = aDatagramPort(cluster);
    const relay = { ...port.relay, route: null, pick: () => null };
    cell.current = { ...cell.current, datagramPorts: new Map([[9000, { ...port, relay }]]) };
    client.send('3', plane.port);
    await eventually(() => records.length === 3);
    assert.deepEqual(
      records.map(({ failure }) => failure?.kind),
      [undefined, undefined, 'NoBackend'],
    );
    assert.equal(after.seen.length, 1);
  });

  it('of new clients are taken so many a second, those of others always', async () => {
    using backend = await aDatagramEnd((text) => text);
    using plane = await aDatagramPlane([backend.port], { datagramLimits: { sessionsPerSecondMax: 1 } });
    using ann = await aDatagramEnd();
    using eve = await aDatagramEnd();
    ann.send('x', plane.port);
    await eventually(() => ann.seen.length === 1);
    eve.send('x', plane.port);
    ann.send('x', plane.port);
    await eventually(() => ann.seen.length === 2);
    assert.equal(eve.seen.length, 0);
    await eventually(() => {
      eve.send('x', plane.port);
      return eve.seen.length > 0;
    });
  });

  it('go nowhere once their port is gone, which then can be had again', async () => {
    using backend = await aDatagramEnd((text) => `echo ${text}`);
    using plane = await aDatagramPlane([backend.port]);
    using client = await aDatagramEnd();
    client.send('before', plane.port);
    await eventually(() => client.seen.length === 1);
    const { cell, listeners } = plane.dataPlane;
    cell.current = { ...cell.current, datagramPorts: new Map() };
    await listeners.follow();
    using again = await aDatagramEnd(undefined, plane.port);
    client.send('after', plane.port);
    await eventually(() => again.seen.length === 1);
    assert.equal(backend.seen.length, 1);
    assert.equal(listeners.connectionCount(), 0);
  });

  it('are served to the end of a drain, but nobody new', async () => {
    using backend = await aDatagramEnd((text) => text);
    using plane = await aDatagramPlane([backend.port], { limits: { sweepMs: 5 } });
    using ann = await aDatagramEnd();
    using eve = await aDatagramEnd();
    ann.send('x', plane.port);
    await eventually(() => ann.seen.length === 1);
    let isDrained = false;
    const drained = plane.dataPlane.listeners
      .drain({ acceptMs: 0, idleMs: 0, deadlineMs: 60_000 })
      .then(() => {
        isDrained = true;
      });
    eve.send('x', plane.port);
    ann.send('y', plane.port);
    await eventually(() => ann.seen.length === 2);
    assert.deepEqual([eve.seen.length, isDrained], [0, false]);
    await drained;
    assert.equal(plane.dataPlane.records.length, 1);
  });
});

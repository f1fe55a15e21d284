import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import { defaultClientRules } from '#dataplane/compile/client-rules.ts';
import { aDeafEndpoint } from '../../../given/deaf-endpoint.ts';
import { anUnusedPort, givenDataPlane } from '../../../given/data-plane.ts';
import { eventually } from '../../../given/eventually.ts';
import { aRawClient } from '../../../given/raw-client.ts';
import { aRelayPort, aStreamBackend } from '../../../given/relay.ts';
import { aRuntime } from '../../../given/runtime.ts';
import type { ClientRules } from '#dataplane/runtime.ts';
import type { DataPlaneChoices, GivenDataPlane } from '../../../given/data-plane.ts';

interface Choices extends DataPlaneChoices {
  readonly rules?: Partial<ClientRules>;
}

function aRelayingPlane(backendPorts: readonly number[], choices: Choices = {}): Promise<GivenDataPlane> {
  return givenDataPlane(backendPorts, {
    runtime: (cluster) => aRuntime(aRelayPort(cluster, choices.rules)),
    ...choices,
  });
}

/** What is left of all that was counted. */
async function untilNothingIsLeft({ cluster, listeners }: GivenDataPlane): Promise<void> {
  await eventually(() => {
    assert.deepEqual(
      [...cluster.endpoints].map(({ load }) => load),
      [...cluster.endpoints].map(() => 0),
    );
    assert.equal(cluster.breaker.held('Connection'), 0);
    assert.equal(cluster.breaker.held('Request'), 0);
    assert.equal(listeners.connectionCount(), 0);
  });
}

/** What comes by a connection until it is closed or cut, which may be before this end knows that it is open. */
async function whatComes(port: number): Promise<string> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  let received = '';
  socket.on('error', () => {});
  socket.on('data', (data: Buffer) => {
    received += data.toString('latin1');
  });
  await eventually(() => socket.closed);
  return received;
}

describe('a stream', () => {
  it('goes both ways, whoever speaks first, and is recorded once it is over', async () => {
    await using backend = await aStreamBackend((socket) => {
      socket.write('220 hello\r\n');
      socket.on('data', (data: Buffer) => socket.write(Buffer.concat([Buffer.from('you said '), data])));
      socket.on('end', () => socket.end());
    });
    using dataPlane = await aRelayingPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    await client.until((received) => received === '220 hello\r\n');
    client.send(Buffer.from([0, 255, 13]));
    await client.until((received) => received.endsWith('you said \x00\xff\r'));
    client.socket.end();
    await client.untilClosed();
    await untilNothingIsLeft(dataPlane);
    const [record] = dataPlane.records;
    assert.equal(dataPlane.records.length, 1);
    assert.deepEqual(
      [
        record?.protocol,
        record?.listener,
        record?.route,
        record?.cluster,
        record?.endpoint,
        record?.attempts,
      ],
      ['TCP', 'stream', 'TCPRoute/default/all', 'default/backend:80', `127.0.0.1:${backend.port}`, 1],
    );
    assert.equal(record?.failure, null);
    assert.equal(record?.client.address, '127.0.0.1');
    assert.deepEqual([record?.bytesIn, record?.bytesOut], [3, 23]);
  });

  it('passes the end of each side on alone', async () => {
    await using backend = await aStreamBackend((socket) => {
      let received = '';
      socket.on('data', (data) => {
        received += data.toString('latin1');
      });
      socket.on('end', () => socket.end(`all of ${received}`));
    });
    using dataPlane = await aRelayingPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    client.send('a request');
    client.socket.end();
    await client.until((received) => received === 'all of a request');
    await client.untilClosed();
    await untilNothingIsLeft(dataPlane);
  });

  it('is whole, and held back by its slower end', async () => {
    const size = 24 * 1024 * 1024;
    const octets = Buffer.alloc(size, 'turnpike');
    await using backend = await aStreamBackend((socket) => void socket.end(octets));
    using dataPlane = await aRelayingPlane([backend.port]);
    const client = net.connect({ port: dataPlane.port, host: '127.0.0.1' });
    await once(client, 'connect');
    const chunks: Buffer[] = [];
    // the client reads nothing until what lies between the ends is full
    await eventually(() => (backend.sockets[0]?.writableLength ?? 0) > 0);
    let still = -1;
    await eventually(() => {
      const sent = backend.sockets[0]?.bytesWritten ?? 0;
      const left = backend.sockets[0]?.writableLength ?? 0;
      const isStill = still === sent - left;
      still = sent - left;
      return isStill;
    });
    assert.ok((backend.sockets[0]?.writableLength ?? 0) > 0, 'nothing held the backend back');
    client.on('data', (chunk: Buffer) => void chunks.push(chunk));
    await once(client, 'end');
    assert.ok(Buffer.concat(chunks).equals(octets));
    client.destroy();
    await untilNothingIsLeft(dataPlane);
    assert.equal(dataPlane.records[0]?.bytesOut, size);
  });

  it('that breaks at the backend breaks for the client, behind what had come', async () => {
    await using backend = await aStreamBackend((socket) => {
      socket.write('half of it');
      socket.once('data', () => socket.resetAndDestroy());
    });
    using dataPlane = await aRelayingPlane([backend.port]);
    const client = net.connect({ port: dataPlane.port, host: '127.0.0.1' });
    let received = '';
    let hasEnded = false;
    client.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
      client.write('and now?');
    });
    client.on('end', () => {
      hasEnded = true;
    });
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => {
      client.on('error', resolve);
    });
    assert.deepEqual([error.code, received, hasEnded], ['ECONNRESET', 'half of it', false]);
    await untilNothingIsLeft(dataPlane);
  });

  it('that breaks at the client breaks for the backend', async () => {
    const broken = Promise.withResolvers<string>();
    await using backend = await aStreamBackend((socket) => {
      socket.write('in');
      socket.resume();
      socket.on('end', () => broken.resolve('end'));
      socket.on('error', (error: NodeJS.ErrnoException) => broken.resolve(error.code ?? ''));
    });
    using dataPlane = await aRelayingPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    await client.until((received) => received === 'in');
    client.socket.resetAndDestroy();
    assert.equal(await broken.promise, 'ECONNRESET');
    await untilNothingIsLeft(dataPlane);
  });

  it('finds another endpoint when one takes no connection', async () => {
    const gone = await anUnusedPort();
    await using backend = await aStreamBackend((socket) => void socket.end('here'));
    using dataPlane = await aRelayingPlane([gone, backend.port]);
    for (let turn = 0; turn < 2; turn += 1) {
      using client = await aRawClient(dataPlane.port);
      await client.until((received) => received === 'here');
    }
    await eventually(() => dataPlane.records.length === 2);
    // the second time nobody asks the one that was in doubt
    assert.deepEqual(new Set(dataPlane.records.map(({ attempts }) => attempts)), new Set([1, 2]));
  });

  it('is cut when there is nobody for it', async () => {
    const gone = [await anUnusedPort(), await anUnusedPort(), await anUnusedPort(), await anUnusedPort()];
    for (const [ports, failure, attempts] of [
      [[], 'NoEndpoint', 0],
      [gone, 'ConnectFailed', 3],
    ] as const) {
      using dataPlane = await aRelayingPlane(ports);
      assert.equal(await whatComes(dataPlane.port), '');
      await untilNothingIsLeft(dataPlane);
      assert.equal(dataPlane.records[0]?.failure?.kind, failure);
      assert.equal(dataPlane.records[0]?.attempts, attempts);
    }
    using nowhere = await givenDataPlane([], { runtime: () => aRuntime(aRelayPort(null)) });
    assert.equal(await whatComes(nowhere.port), '');
    assert.equal(nowhere.records[0]?.failure?.kind, 'NoBackend');
  });

  it('is cut when there are too many', async () => {
    await using backend = await aStreamBackend((socket) => void socket.write('in'));
    const breaker = { connectionsMax: 1, pendingMax: 0, requestsMax: 0, retriesMax: 0 };
    using dataPlane = await aRelayingPlane([backend.port], { cluster: { breaker } });
    using first = await aRawClient(dataPlane.port);
    await first.until((received) => received === 'in');
    assert.equal(await whatComes(dataPlane.port), '');
    assert.equal(dataPlane.records[0]?.failure?.kind, 'ConnectFailed');
    first.socket.resetAndDestroy();
    await untilNothingIsLeft(dataPlane);
    using third = await aRawClient(dataPlane.port);
    await third.until((received) => received === 'in');
  });

  it('whose client is cut while no endpoint answers leaves nothing behind', async () => {
    await using deaf = await aDeafEndpoint();
    const dataPlane = await aRelayingPlane([deaf.port], {
      cluster: {
        connections: { connectTimeoutMs: 60_000, idleMs: 60_000, ageMsMax: 0, requestsMax: 0, streamsMax: 1 },
      },
    });
    using client = await aRawClient(dataPlane.port);
    await eventually(() => dataPlane.cluster.breaker.held('Connection') === 1);
    dataPlane.listeners.close();
    await untilNothingIsLeft(dataPlane);
    assert.equal(dataPlane.records[0]?.failure?.kind, 'ClientGone');
    await client.untilClosed();
    dataPlane[Symbol.dispose]();
  });

  it('in which nothing moves is ended', async () => {
    await using backend = await aStreamBackend((socket) => void socket.write('in'));
    using dataPlane = await aRelayingPlane([backend.port], { limits: { tunnelIdleTimeoutMs: 60 } });
    using client = await aRawClient(dataPlane.port);
    await client.until((received) => received === 'in');
    await client.untilClosed();
    client.socket.end();
    await untilNothingIsLeft(dataPlane);
  });

  it('of which one side has ended is ended sooner, once nothing moves', async () => {
    await using backend = await aStreamBackend((socket) => void socket.write('in'));
    using dataPlane = await aRelayingPlane([backend.port], { limits: { halfClosedTimeoutMs: 60 } });
    using other = await aRawClient(dataPlane.port);
    using client = await aRawClient(dataPlane.port);
    await other.until((received) => received === 'in');
    client.socket.end();
    await client.untilClosed();
    await eventually(() => dataPlane.listeners.connectionCount() === 1);
    other.socket.end();
    await untilNothingIsLeft(dataPlane);
  });

  it('is waited for by a drain, and cut at its deadline', async () => {
    await using backend = await aStreamBackend((socket) => void socket.pipe(socket));
    using dataPlane = await aRelayingPlane([backend.port]);
    using patient = await aRawClient(dataPlane.port);
    patient.send('a');
    await patient.until((received) => received === 'a');
    let isDrained = false;
    const drained = dataPlane.listeners.drain({ acceptMs: 0, idleMs: 0, deadlineMs: 60_000 }).then(() => {
      isDrained = true;
    });
    patient.send('b');
    await patient.until((received) => received === 'ab');
    assert.equal(isDrained, false);
    patient.socket.end();
    await drained;
    using other = await aRelayingPlane([backend.port]);
    using endless = await aRawClient(other.port);
    endless.send('a');
    await endless.until((received) => received === 'a');
    await other.listeners.drain({ acceptMs: 0, idleMs: 0, deadlineMs: 50 });
    await endless.untilClosed();
  });

  for (const version of ['V1', 'V2'] as const) {
    it(`tells the backend whose it is by the PROXY protocol (${version}), as it was told itself`, async () => {
      await using backend = await aStreamBackend((socket) => {
        socket.on('data', (data) => socket.write(data.toString('hex')));
      });
      using dataPlane = await aRelayingPlane([backend.port], {
        cluster: { proxyProtocol: version },
        rules: { ...defaultClientRules, proxyProtocol: { mode: 'Required', trusts: () => true } },
      });
      using client = await aRawClient(dataPlane.port);
      client.send('PROXY TCP4 192.0.2.7 192.0.2.8 4711 9000\r\nafter');
      const text = `PROXY TCP4 192.0.2.7 127.0.0.1 4711 ${dataPlane.port}\r\n`;
      const expected =
        version === 'V1'
          ? Buffer.from(text).toString('hex')
          : `0d0a0d0a000d0a515549540a2111000cc00002077f0000011267${dataPlane.port.toString(16).padStart(4, '0')}`;
      const after = Buffer.from('after').toString('hex');
      await client.until((received) => received === expected + after);
      client.socket.resetAndDestroy();
      await untilNothingIsLeft(dataPlane);
      assert.deepEqual(
        [dataPlane.records[0]?.client.address, dataPlane.records[0]?.client.peer],
        ['192.0.2.7', '127.0.0.1'],
      );
    });
  }
});

// What a client of HTTP/2 may cost (CVE-2019-9511 to 9518, CVE-2023-44487, CVE-2024-27983, CVE-2025-8671,
// CVE-2026-47774): each flood ends its own connection, soon, and honest clients of the same port do not notice.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { anH2Client, answerOf } from '#test/given/h2-client.ts';
import { block, endHeaders, endStream, frame, number } from '#test/given/h2-frames.ts';
import { request, requestBlock, settings, types } from '#test/given/h2-frames.ts';
import { aRawH2Client } from '#test/given/h2-raw-client.ts';
import { aRawBackend } from '#test/given/raw-backend.ts';

const post = requestBlock('POST', '/');
const cancel = number(8);
/** All requests of a flood get these: odd, and rising. */
const id = (at: number): number => at * 2 + 1;

/** The `at`-th piece of each flood; so many of them. */
const floods: Record<string, { readonly count: number; readonly piece: (at: number) => readonly Buffer[] }> =
  {
    'resets of its own requests': {
      count: 100_000,
      piece: (at) => [request(id(at)), frame(types.reset, 0, id(at), cancel)],
    },
    'requests that have to be reset, by WINDOW_UPDATE of 0': {
      count: 100_000,
      piece: (at) => [request(id(at), 0, post), frame(types.window, 0, id(at), number(0))],
    },
    'requests that have to be reset, by windows that overflow': {
      count: 100_000,
      piece: (at) => [request(id(at), 0, post), frame(types.window, 0, id(at), number(0x7fff_ffff))],
    },
    'requests that have to be reset, by HEADERS behind the end': {
      count: 100_000,
      piece: (at) => [request(id(at)), request(id(at))],
    },
    'requests that have to be reset, by DATA behind the end': {
      count: 100_000,
      piece: (at) => [request(id(at)), frame(types.data, 0, id(at), 'x')],
    },
    'requests that have to be reset, by more content than was said': {
      count: 100_000,
      piece: (at) => [
        request(id(at), 0, requestBlock('POST', '/', ['content-length', '1'])),
        frame(types.data, 0, id(at), 'xx'),
      ],
    },
    CONTINUATION: {
      count: 100_000,
      piece: (at) => [
        at === 0
          ? frame(types.headers, 0, 1, requestBlock('GET', '/'))
          : frame(types.continuation, 0, 1, block(['x', 'y'])),
      ],
    },
    PING: { count: 200_000, piece: () => [frame(types.ping, 0, 0, '12345678')] },
    SETTINGS: { count: 200_000, piece: (at) => [settings([4, 65_535 + (at % 2)])] },
    PRIORITY: { count: 200_000, piece: () => [frame(types.priority, 0, 1, '\0\0\0\x03\0')] },
    'DATA without octets': {
      count: 200_000,
      piece: (at) => [at === 0 ? request(1, 0, post) : frame(types.data, 0, 1)],
    },
    WINDOW_UPDATE: { count: 200_000, piece: () => [frame(types.window, 0, 0, number(1))] },
    'frames that nobody knows': { count: 200_000, piece: () => [frame(0x42, 0, 0, 'x')] },
  };

describe('a flood of', () => {
  for (const [name, { count, piece }] of Object.entries(floods)) {
    it(`${name} ends its connection, and honest clients do not notice`, async () => {
      await using backend = await aRawBackend();
      using dataPlane = await givenDataPlane([backend.port], {
        limits: { sweepMs: 20, discardTimeoutMs: 50 },
      });
      using honest = await anH2Client(dataPlane.port);
      using client = await aRawH2Client(dataPlane.port);
      const isGone = (): boolean => client.raw.socket.destroyed || client.raw.socket.readableEnded;
      const began = process.cpuUsage();
      let asked = 0;
      for (let at = 0; at < count && !isGone(); at += 500) {
        client.send(...Array.from({ length: 500 }, (_, piecesAt) => piece(at + piecesAt)).flat());
        asked += 1;
        assert.equal((await honest.ask()).status, 200);
        await turn();
      }
      await client.raw.untilClosed();
      const { user, system } = process.cpuUsage(began);
      const goodbye = client.frames().findLast(({ type }) => type === types.goAway);
      assert.equal(goodbye?.payload.readUInt32BE(4), 11);
      assert(backend.seen.length - asked < 2000, `${backend.seen.length} requests came to the backend`);
      assert((user + system) / 1e6 < 5, `${(user + system) / 1e6} s of work`);
      await eventually(() => dataPlane.listeners.connectionCount() === 1);
    });
  }
});

describe('a client of HTTP/2', () => {
  it('has no more requests at backends than streams, whatever it resets', async () => {
    const open = new Set<number>();
    let most = 0;
    await using backend = await aRawBackend(({ connection }, socket) => {
      open.add(connection);
      socket.on('close', () => open.delete(connection));
      most = Math.max(most, open.size);
      return null;
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawH2Client(dataPlane.port);
    for (let at = 0; at < 150; at += 1) {
      client.send(request(id(at)), ...(at % 3 === 0 ? [frame(types.reset, 0, id(at), cancel)] : []));
      if (at % 10 === 0) await turn();
    }
    await client.settled();
    await eventually(() => open.size === 100);
    assert(most <= 110, `${most} at once`);
  });

  it('that asks for much by little, and takes nothing, costs little memory', async () => {
    await using backend = await aRawBackend(largeAnswer);
    using dataPlane = await givenDataPlane([backend.port]);
    const before = process.memoryUsage().rss;
    const clients = await Promise.all(Array.from({ length: 20 }, () => aRawH2Client(dataPlane.port, [4, 0])));
    // one field of 4,000 octets in the table, then one octet for each time that it is used
    const first = Buffer.concat([post, Buffer.of(0x40, 1, 0x61, 0x7f, 0xa1, 0x1e), Buffer.alloc(4000, 'b')]);
    const bomb = Buffer.concat([post, Buffer.alloc(120, 0xbe)]);
    for (const client of clients) {
      client.send(request(1, endStream, first));
      for (let at = 1; at < 100; at += 1) client.send(request(id(at), endStream, bomb));
      for (let at = 100; at < 180; at += 1) client.send(request(id(at)));
    }
    await Promise.all(clients.map((client) => client.settled()));
    const growth = (process.memoryUsage().rss - before) / 2 ** 20;
    assert(growth < 200, `${growth} MiB for ${clients.length} connections`);
    assert(dataPlane.records.some(({ failure }) => failure?.kind === 'HeadTooLarge'));
    assert.equal(dataPlane.listeners.connectionCount(), clients.length);
    for (const client of clients) client[Symbol.dispose]();
  });

  it('that takes nothing of its answers is cut after a while', async () => {
    await using backend = await aRawBackend(largeAnswer);
    const limits = { sendTimeoutMs: 100, idleTimeoutMs: 300, sweepMs: 20 };
    using dataPlane = await givenDataPlane([backend.port], { limits });
    using client = await aRawH2Client(dataPlane.port, [4, 0]);
    client.send(request(1), request(3));
    await client.until((frames) => frames.filter(({ type }) => type === types.reset).length === 2);
    assert.deepEqual(
      dataPlane.records.map(({ failure }) => failure?.kind),
      ['ClientGone', 'ClientGone'],
    );
    await client.raw.untilClosed();
  });

  it('that reads no octet is cut after a while', async () => {
    await using backend = await aRawBackend(largeAnswer);
    using dataPlane = await givenDataPlane([backend.port], { limits: { sendTimeoutMs: 200, sweepMs: 20 } });
    using client = await aRawH2Client(dataPlane.port, [4, 0x7fff_ffff]);
    await client.settled();
    client.raw.socket.pause();
    client.send(frame(types.window, 0, 0, number(0x7000_0000)));
    for (let at = 0; at < 50; at += 1) client.send(request(id(at)));
    await eventually(() => dataPlane.listeners.connectionCount() === 0);
    // the first ones fit into the kernel's buffers
    const cut = dataPlane.records.filter(({ failure }) => failure?.kind === 'ClientGone');
    assert(cut.length > 25 && dataPlane.records.length === 50, `${cut.length} were cut`);
  });

  it('may cancel as browsers do', async () => {
    await using backend = await aRawBackend(() => null);
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await anH2Client(dataPlane.port);
    for (let round = 0; round < 2; round += 1) {
      const streams = Array.from({ length: 90 }, () => client.begin({ ':path': '/' }));
      await backend.untilSeen((round + 1) * 90);
      for (const stream of streams) stream.close(8);
      await Promise.all(streams.map((stream) => answerOf(stream).catch(() => {})));
    }
    assert.equal(client.session.closed, false);
  });
});

it('connections that break off in any state leave nothing', async () => {
  await using backend = await aRawBackend(() => null);
  using dataPlane = await givenDataPlane([backend.port]);
  const states: readonly (readonly Buffer[])[] = [
    [],
    [Buffer.from('PRI * HT')],
    [request(1)],
    [request(1, 0, post), frame(types.data, 0, 1, 'part')],
    [frame(types.headers, 0, 1, post)],
    [frame(types.headers, endHeaders, 1, post).subarray(0, 20)],
    [request(1, 0, requestBlock('GET', 'x'))],
    [request(1), frame(types.reset, 0, 1, cancel)],
    [frame(types.goAway, 0, 0, Buffer.alloc(8))],
  ];
  for (let round = 0; round < 20; round += 1) {
    for (const frames of states) {
      using client = await aRawH2Client(dataPlane.port);
      client.send(...frames);
      await turn();
      if (round % 2 === 0) client.raw.socket.resetAndDestroy();
    }
  }
  await eventually(() => dataPlane.listeners.connectionCount() === 0);
});

function largeAnswer(...[, socket]: Parameters<NonNullable<Parameters<typeof aRawBackend>[0]>>): string {
  socket.setNoDelay(true);
  return `HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n${'x'.repeat(1_048_576)}`;
}

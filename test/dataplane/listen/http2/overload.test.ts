// What a connection of HTTP/2 leaves undone while there is too much to do.
import { inTheClear } from '#dataplane/http/exchange.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { it } from 'node:test';
import { defaultClientRules } from '#dataplane/compile/client-rules.ts';
import { Http2Connection } from '#dataplane/listen/http2/connection.ts';
import { noBans } from '#dataplane/http/ban-list.ts';
import { Newcomers } from '#dataplane/listen/newcomers.ts';
import { LentMemory } from '#dataplane/http/lent-memory.ts';
import { Http2Terms } from '#dataplane/listen/http2/session-terms.ts';
import { fixedLimits } from '#dataplane/listen/limits.ts';
import { HeadScanner } from '#dataplane/http/head-scanner.ts';
import { createGateway } from '#dataplane/proxy/gateway.ts';
import { anH2Client, answerOf } from '#test/given/h2-client.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { aRawBackend } from '#test/given/raw-backend.ts';

/** A port whose connections are told what the test tells them. */
async function aGuardedPort(backendPort: number) {
  const dataPlane = await givenDataPlane([backendPort]);
  const guard = { saves: false, sheds: false, patience: 1 };
  const { limits } = defaultClientRules;
  const gateway = createGateway({
    cell: dataPlane.cell,
    observer: { exchangeFinished: () => {} },
  });
  const around = {
    gateway,
    guard,
    bans: noBans,
    http2: new Http2Terms(),
    memory: new LentMemory(),
    newcomers: new Newcomers(),
    nowMs: 0,
  };
  const home = {
    port: 80,
    draining: false,
    rules: defaultClientRules,
    limits: { ...fixedLimits, ...limits },
    scanner: new HeadScanner({ bytesMax: 1000, fieldsMax: 10, underscores: 'Refuse' }),
  };
  const connections: Http2Connection[] = [];
  const client = {
    address: '127.0.0.1',
    peer: '127.0.0.1',
    port: 1,
    ...inTheClear,
  };
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    connections.push(new Http2Connection(around, home, socket, client));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    guard,
    limits,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    isIdle: () => connections.every((connection) => connection.isIdle),
    sweepAt(nowMs: number): void {
      around.nowMs = nowMs;
      for (const connection of connections) connection.sweep(nowMs);
    },
    [Symbol.dispose]() {
      for (const connection of connections) connection.destroy();
      server.close();
      dataPlane[Symbol.dispose]();
    },
  };
}

it('requests are told to come later, and the connection lives on', async () => {
  await using backend = await aRawBackend();
  using given = await aGuardedPort(backend.port);
  using client = await anH2Client(given.port);
  given.guard.sheds = true;
  const { status, headers } = await client.ask();
  assert.deepEqual([status, headers['retry-after']], [503, '1']);
  given.guard.sheds = false;
  assert.equal((await client.ask()).status, 200);
});

it('a connection has ten streams at once, and idle ones get their share of time', async () => {
  await using backend = await aRawBackend(() => null);
  using given = await aGuardedPort(backend.port);
  using client = await anH2Client(given.port);
  given.guard.saves = true;
  given.guard.patience = 0.25;
  const streams = Array.from({ length: 12 }, () => client.begin({ ':path': '/' }));
  const refused = await Promise.allSettled(streams.slice(10).map(answerOf));
  for (const each of refused) {
    assert.match(each.status === 'rejected' ? String(each.reason) : '', /REFUSED_STREAM/);
  }
  await backend.untilSeen(10);
  assert.equal(backend.seen.length, 10);
  const closed = streams.slice(0, 10).map((stream) => answerOf(stream).catch(() => {}));
  for (const stream of streams.slice(0, 10)) stream.close(8);
  await Promise.all(closed);
  await eventually(given.isIdle);
  const ended = once(client.session, 'close');
  given.sweepAt(1000);
  const idleMs = given.limits.idleTimeoutMs / 4;
  given.sweepAt(1000 + idleMs - 1);
  assert.equal(client.session.closed, false);
  await eventually(() => {
    given.sweepAt(1000 + idleMs);
    return client.session.closed;
  });
  await ended;
});

// The load client is what judges the journeys, so it is judged first: servers that fail in known ways, and counts that
// must tell it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { eventually } from '#e2e/cluster/eventually.ts';
import { LoadProcess } from '#e2e/turnpike/load-process.ts';
import { startLoad } from '#e2e/turnpike/load.ts';
import type { AddressInfo, Socket } from 'node:net';
import type { Load, LoadOptions } from '#e2e/turnpike/load.ts';

const ok = (headers = '') => `HTTP/1.1 200 OK\r\nx-served-by: one\r\n${headers}content-length: 2\r\n\r\nok`;

interface Served {
  readonly socket: Socket;
  /** From 1, of all requests. */
  readonly number: number;
  /** The request. */
  readonly text: string;
}

/** A server of raw answers, one for each read. */
async function serve(answer: (served: Served) => void) {
  let number = 0;
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (data) => answer({ socket, number: (number += 1), text: data.toString() }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

describe('the load client', () => {
  let server: Awaited<ReturnType<typeof serve>>;
  let load: Load | undefined;

  afterEach(async () => {
    await load?.stop();
    load = undefined;
    server.close();
  });

  async function run(answer: (served: Served) => void, options: Partial<LoadOptions> = {}) {
    server = await serve(answer);
    const { port } = server;
    load = startLoad({ to: ['127.0.0.1'], port, ask: { path: '/' }, rate: 500, connections: 10, ...options });
    const running = load;
    await eventually('200 requests are sent', () => running.report().sent >= 200 || undefined);
    return load.stop();
  }

  it('keeps as many connections as it was told, and uses all of them', async () => {
    const report = await run(({ socket }) => socket.write(ok()));
    assert.deepEqual(report.failures, {});
    assert.deepEqual(report.statuses, { 200: report.sent });
    assert.deepEqual(report.servedBy, { one: report.sent });
    assert.equal(server.connections, 10);
  });

  it('asks for several things in turn, and tells how much of their bodies was received', async () => {
    const seen = new Map<string, number>();
    const body = 'x'.repeat(1_000);
    const report = await run(
      ({ socket, text }) => {
        const line = text.slice(0, text.indexOf('\r\n'));
        seen.set(line, (seen.get(line) ?? 0) + 1);
        socket.write(ok(`x-received: ${text.slice(text.indexOf('\r\n\r\n') + 4).length}\r\n`));
      },
      { ask: [{ path: '/read' }, { path: '/read' }, { path: '/write', method: 'POST', body }] },
    );
    const written = report.received['1000'] ?? 0;
    assert.deepEqual(report.failures, {});
    assert.deepEqual(report.received, { 0: report.sent - written, 1000: written });
    assert.equal(written, Math.floor(report.sent / 3));
    assert.deepEqual([...seen.keys()].toSorted(), ['GET /read HTTP/1.1', 'POST /write HTTP/1.1']);
    assert.equal(seen.get('POST /write HTTP/1.1'), written);
  });

  it('follows Connection: close, which is no failure', async () => {
    const report = await run(({ socket, number }) => {
      if (number % 10 === 0) socket.end(ok('connection: close\r\n'));
      else socket.write(ok());
    });
    assert.deepEqual(report.failures, {});
    assert.equal(report.closedUnannounced, 0);
    assert.ok(server.connections > 20, `${server.connections} connections`);
  });

  it('counts each request on which the server closes without a word, and sends none of them again', async () => {
    let seen = 0;
    let cut = 0;
    const report = await run(({ socket, number }) => {
      seen += 1;
      if (number % 20 !== 0) return socket.write(ok());
      cut += 1;
      return socket.end();
    });
    assert.ok(cut >= 10);
    assert.deepEqual(report.failures, { closed: cut });
    assert.equal(report.statuses['200'], report.sent - cut);
    assert.equal(seen, report.sent);
    assert.match(report.mishaps[0]?.what ?? '', /closed before the whole answer \(0 bytes of it; request \d/);
  });

  it('counts a reset, half an answer and what is no answer', async () => {
    const report = await run(({ socket, number }) => {
      if (number === 50) socket.resetAndDestroy();
      else if (number === 100) socket.end(ok().slice(0, -1));
      else if (number === 150) socket.write(`${ok()}${ok()}`);
      else socket.write(ok());
    });
    assert.deepEqual(report.failures, { reset: 1, closed: 1, malformed: 1 });
    assert.equal(report.statuses['200'], report.sent - 3);
  });

  it('tells a connection that was closed between two requests without a word', async () => {
    const report = await run(({ socket, number }) => {
      socket.write(ok());
      // Long after the answer, long before the next request on this connection.
      if (number % 20 === 0) setTimeout(() => socket.end(), 4);
    });
    assert.ok(report.closedUnannounced > 0);
  });

  it('counts every answer that is not 200, and refused connections', async () => {
    const report = await run(({ socket, number }) =>
      number % 4 === 0
        ? socket.write('HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\ngone')
        : socket.write(ok()),
    );
    assert.equal(report.statuses['503'], Math.floor(report.sent / 4));
    assert.match(report.mishaps[0]?.what ?? '', /^503 gone/);
    const refused = startLoad({ to: ['127.0.0.1'], port: server.port, ask: { path: '/' }, rate: 100 });
    server.close();
    await eventually('ten requests are sent', () => refused.report().sent >= 10 || undefined);
    const { failures, sent } = await refused.stop();
    assert.deepEqual(failures, { refused: sent });
  });

  it('goes on sending while answers do not come, and tells how late they were', async () => {
    let stalledAt = 0;
    const report = await run(({ socket, number }) => {
      if (number === 50) stalledAt = performance.now();
      const leftMs = stalledAt === 0 ? 0 : Math.max(0, stalledAt + 200 - performance.now());
      if (leftMs === 0) socket.write(ok());
      else setTimeout(() => socket.write(ok()), leftMs);
    });
    assert.deepEqual(report.failures, {});
    assert.ok(report.gapMs >= 150, `a gap of ${report.gapMs} ms`);
    // Not the ten that were on their way: all that were due in those 200 ms.
    assert.ok(report.latencyMs.p99 >= 100, JSON.stringify(report.latencyMs));
    assert.ok(report.latencyMs.max >= 180, JSON.stringify(report.latencyMs));
  });

  it('holds back what the server is too slow for, which is no failure', async () => {
    server = await serve(({ socket }) => setTimeout(() => socket.write(ok()), 20));
    const { port } = server;
    load = startLoad({ to: ['127.0.0.1'], port, ask: { path: '/' }, rate: 20_000, connections: 100 });
    const running = load;
    await eventually('some are held back', () => running.report().heldBack > 100 || undefined);
    const report = await load.stop();
    assert.deepEqual(report.failures, {});
    assert.deepEqual(report.statuses, { 200: report.sent });
  });

  it('runs in a process of its own, and tells lap by lap', async () => {
    let refuse = false;
    server = await serve(({ socket }) => (refuse ? socket.end() : socket.write(ok())));
    const { port } = server;
    const remote = LoadProcess.start(
      { to: ['127.0.0.1'], port, ask: { path: '/' }, rate: 500, connections: 4 },
      ['env'],
    );
    try {
      await remote.sent(100);
      assert.deepEqual((await remote.lap()).failures, {});
      refuse = true;
      await remote.sent(50);
      const broken = await remote.lap();
      // Not all 50: who is sent away connects anew, and some are on their way when the lap ends.
      assert.ok((broken.failures['closed'] ?? 0) > 5, JSON.stringify(broken));
      refuse = false;
      // who was sent away before may learn it after a lap that began later
      await eventually('a lap is whole again', async () => {
        const { sent, failures } = await remote.lap();
        return (sent > 20 && Object.keys(failures).length === 0) || undefined;
      });
      await remote.sent(100);
      assert.deepEqual((await remote.stop()).failures, {});
    } finally {
      remote.end();
    }
  });
});

// The end of an answer, over a client's side that takes octets when the test says so.
import { inTheClear } from '#dataplane/http/exchange.ts';
import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { createGateway } from '#dataplane/proxy/gateway.ts';
import { noBans } from '#dataplane/http/ban-list.ts';
import { HeadScanner } from '#dataplane/http/head-scanner.ts';
import { defaultClientRules as rules } from '#dataplane/compile/client-rules.ts';
import { Newcomers } from '#dataplane/listen/newcomers.ts';
import { LentMemory } from '#dataplane/http/lent-memory.ts';
import { Http2Terms } from '#dataplane/listen/http2/session-terms.ts';
import { fixedLimits } from '#dataplane/listen/limits.ts';
import { ServerConnection } from '#dataplane/listen/http1/connection.ts';
import { aPort, aRuntime } from '#test/given/runtime.ts';
import type { ConnectionSurroundings } from '#dataplane/listen/surroundings.ts';
import type { Gateway } from '#dataplane/proxy/downstream.ts';
import type { Socket } from 'node:net';

/** A socket whose other side takes one write at a time, by {@link deliver}. */
class ReluctantSocket extends Duplex {
  taken = '';
  #waiting: { chunk: string; taken: () => void } | null = null;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, taken: () => void): void {
    this.#waiting = { chunk: chunk.toString('latin1'), taken };
  }

  deliver(): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    this.taken += waiting?.chunk ?? '';
    waiting?.taken();
  }
}

const limits = { ...fixedLimits, ...rules.limits, discardTimeoutMs: 2_000, sendTimeoutMs: 30_000 };

interface Choices {
  readonly gateway?: Gateway;
  readonly guard?: ConnectionSurroundings['guard'];
}

function givenConnection(choices: Choices = {}) {
  const socket = new ReluctantSocket();
  const gateway =
    choices.gateway ??
    createGateway({
      cell: { current: aRuntime(aPort(80, {})) },
      observer: { exchangeFinished() {} },
    });
  const scanner = new HeadScanner({ bytesMax: 8_192, fieldsMax: 100, underscores: 'Refuse' });
  const around = {
    gateway,
    bans: noBans,
    http2: new Http2Terms(),
    memory: new LentMemory(),
    newcomers: new Newcomers(),
    nowMs: 0,
    guard: choices.guard ?? { saves: false, sheds: false, patience: 1 },
  };
  const client = {
    address: '192.0.2.1',
    port: 1,
    peer: '192.0.2.1',
    ...inTheClear,
  };
  const connection = new ServerConnection(
    around,
    { port: 80, draining: false, rules, limits, scanner },
    // all that a connection uses of a socket but for ends that no case here reaches
    socket as unknown as Socket,
    client,
  );
  const sweepAt = (nowMs: number): void => {
    around.nowMs = nowMs;
    connection.sweep(nowMs);
  };
  return { connection, socket, sweepAt };
}

const get = 'GET / HTTP/1.1\r\nHost: a\r\n';

async function arrived(socket: ReluctantSocket, octets: string): Promise<void> {
  socket.push(octets, 'latin1');
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test('the end of an answer that closes the connection waits for a client that takes it', async () => {
  const { socket, sweepAt } = givenConnection();
  await arrived(socket, `${get}\r\n${get}Connection: close\r\n\r\n`);
  sweepAt(2_500);
  assert.equal(socket.destroyed, false, 'cut with the answer on its way');
  socket.deliver();
  sweepAt(33_000);
  assert.equal(socket.destroyed, false, 'cut though it takes its answer');
  socket.deliver();
  assert.equal(socket.taken.split('HTTP/1.1 404').length, 3);
  sweepAt(63_500);
  assert.equal(socket.destroyed, true, 'never closed');
});

test('and is cut when the client takes nothing', async () => {
  const { socket, sweepAt } = givenConnection();
  await arrived(socket, `${get}Connection: close\r\n\r\n`);
  sweepAt(2_500);
  assert.equal(socket.destroyed, false);
  sweepAt(33_000);
  assert.equal(socket.destroyed, true);
});

test('where connections are saved, an answer closes its own, and an idle one gets its share of time', async () => {
  const guard = { saves: false, sheds: false, patience: 1 };
  const { socket, sweepAt } = givenConnection({ guard });
  await arrived(socket, `${get}\r\n`);
  socket.deliver();
  sweepAt(limits.idleTimeoutMs / 4);
  assert.equal(socket.writableEnded, false);
  guard.saves = true;
  guard.patience = 0.25;
  sweepAt(limits.idleTimeoutMs / 4);
  assert.equal(socket.writableEnded, true);

  const busy = givenConnection({ guard });
  await arrived(busy.socket, `${get}\r\n`);
  busy.socket.deliver();
  assert.match(busy.socket.taken, /^HTTP\/1\.1 404 .*^Connection: close\r$/msu);
});

test('where many are slow, each has a share of its time: for a head, and to take its answer', async () => {
  const guard = { saves: false, sheds: false, patience: 0.5 };
  const head = givenConnection({ guard });
  await arrived(head.socket, 'GET / HTTP/1.1\r\nX');
  head.sweepAt(limits.headTimeoutMs / 2 - 1);
  head.socket.deliver();
  assert.equal(head.socket.taken, '');
  head.sweepAt(limits.headTimeoutMs / 2);
  head.socket.deliver();
  assert.match(head.socket.taken, /^HTTP\/1\.1 408 /u);

  const answer = givenConnection({ guard });
  await arrived(answer.socket, `${get}\r\n`.repeat(1000));
  assert.equal(answer.connection.stalledSinceMs, 0);
  answer.sweepAt(limits.sendTimeoutMs / 2 - 1);
  assert.equal(answer.socket.destroyed, false);
  answer.sweepAt(limits.sendTimeoutMs / 2);
  assert.equal(answer.socket.destroyed, true);
});

test('where load is shed, a request is told so before anything is done for it', async () => {
  const { socket } = givenConnection({ guard: { saves: true, sheds: true, patience: 0.25 } });
  await arrived(socket, `${get}\r\n`);
  socket.deliver();
  assert.match(socket.taken, /^HTTP\/1\.1 503 .*^Retry-After: 1\r$/msu);
});

test('content that drips is too slow, though no pause in it is too long', async () => {
  const failures: string[] = [];
  const gateway: Gateway = {
    ...createGateway({
      cell: { current: aRuntime(aPort(80, {})) },
      observer: { exchangeFinished() {} },
    }),
    exchange: (_request, downstream) => ({
      buffered: 0,
      start: () => downstream.want(),
      contentData() {},
      contentEnd() {},
      contentFlush() {},
      clientReady() {},
      requestFailed: ({ kind }) => void failures.push(kind),
    }),
  };
  for (const [octets, expected] of [
    [limits.bodyRateMin * 1.2, []],
    [limits.bodyRateMin / 2, ['ClientTooSlow']],
  ] as const) {
    const { socket, sweepAt } = givenConnection({ gateway });
    await arrived(socket, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n');
    for (let second = 1; second <= 7 && failures.length === 0; second += 1) {
      await arrived(socket, 'x'.repeat(octets));
      sweepAt(second * 1_000);
    }
    assert.deepEqual(failures, expected);
  }
});

test('who sends ahead is not read on, but looked after, and does not fill our memory', async () => {
  const failures: string[] = [];
  const gateway: Gateway = {
    ...createGateway({
      cell: { current: aRuntime(aPort(80, {})) },
      observer: { exchangeFinished() {} },
    }),
    exchange: () => ({
      buffered: 0,
      start() {},
      contentData() {},
      contentEnd() {},
      contentFlush() {},
      clientReady() {},
      requestFailed: ({ kind }) => void failures.push(kind),
    }),
  };
  const { socket, sweepAt } = givenConnection({ gateway });
  await arrived(socket, `${get}\r\nGET / HT`);
  assert.equal(socket.isPaused(), true);
  let looks = 0;
  let second = 0;
  for (; second <= 3_600 && failures.length === 0; second += 1) {
    sweepAt(second * 1_000);
    if (socket.isPaused()) continue;
    looks += 1;
    await arrived(socket, 'x'.repeat(65_536));
    assert.equal(socket.isPaused(), true);
  }
  assert.ok(looks > 10 && looks < 20, String(looks));
  // its end may stand behind all that
  assert.ok(second > 30 && second < 60, String(second));
  assert.deepEqual(failures, ['ClientGone']);
});

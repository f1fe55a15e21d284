import assert from 'node:assert/strict';
import net from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { createListeners } from '#dataplane/listen/listeners.ts';
import { anUnusedPort, givenDataPlane } from '../../given/data-plane.ts';
import { eventually } from '../../given/eventually.ts';
import { aRawBackend, plainAnswer } from '../../given/raw-backend.ts';
import { aRawClient, readAnswers } from '../../given/raw-client.ts';
import { aPort, aRule, aRuntime } from '../../given/runtime.ts';
import type { PortProblem } from '#dataplane/listen/listeners.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('a drain', () => {
  it('lets exchanges end, and their answers close', async () => {
    let answer = (): void => {};
    await using backend = await aRawBackend((_request, socket) => {
      answer = () => void socket.write(plainAnswer);
      return null;
    });
    using dataPlane = await givenDataPlane([backend.port]);
    using client = await aRawClient(dataPlane.port);
    client.send(get);
    await backend.untilSeen(1);
    const drained = dataPlane.listeners.drain({ acceptMs: 0, idleMs: 0, deadlineMs: 5_000 });
    await eventually(() => dataPlane.listeners.boundPort(80) === null);
    answer();
    await client.until((received) => received.endsWith('ok'));
    assert.match(client.received(), /^Connection: close\r$/mu);
    client.socket.end();
    await drained;
    assert.equal(dataPlane.listeners.connectionCount(), 0);
  });

  it('resets no idle connection: its next answer closes it', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port]);
    const clients = await Promise.all(Array.from({ length: 10 }, () => aRawClient(dataPlane.port)));
    for (const client of clients) {
      client.send(get);
      await client.until((received) => received.endsWith('ok'));
    }
    const drained = dataPlane.listeners.drain({ acceptMs: 0, idleMs: 1_000, deadlineMs: 5_000 });
    for (const client of clients) {
      client.send(get);
      await client.until((received) => readAnswers(received).answers.length === 2);
      assert.match(readAnswers(client.received()).answers[1]?.head ?? '', /^Connection: close$/mu);
      client[Symbol.dispose]();
    }
    await drained;
    assert.equal(dataPlane.records.filter((record) => record.status === 200).length, 20);
  });

  it('takes connections for a while yet', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port]);
    const drained = dataPlane.listeners.drain({ acceptMs: 500, idleMs: 0, deadlineMs: 5_000 });
    using client = await aRawClient(dataPlane.port);
    client.send(get);
    await client.until((received) => received.endsWith('ok'));
    client.socket.end();
    await drained;
  });

  it('ends idle connections after their time, and cuts what is left at its deadline', async () => {
    await using backend = await aRawBackend(() => null);
    using dataPlane = await givenDataPlane([backend.port]);
    using idle = await aRawClient(dataPlane.port);
    using busy = await aRawClient(dataPlane.port);
    busy.send(get);
    await backend.untilSeen(1);
    await eventually(() => dataPlane.listeners.connectionCount() === 2);
    const drained = dataPlane.listeners.drain({ acceptMs: 0, idleMs: 30, deadlineMs: 200 });
    await idle.untilClosed();
    idle.socket.end();
    await drained;
    await busy.untilClosed();
  });

  it('takes no time where nothing was served: nobody has to learn that it ends', async () => {
    const listeners = createListeners({ cell: { current: aRuntime() }, observer: { exchangeFinished() {} } });
    const ended = await Promise.race([
      listeners.drain({ acceptMs: 60_000, idleMs: 60_000, deadlineMs: 60_000 }).then(() => 'ended'),
      pause(2_000, 'drains', { ref: false }),
    ]);
    listeners.close();
    assert.equal(ended, 'ended');
  });
});

describe('server sockets follow the runtime', () => {
  it('open and close with its ports, and keep the connections of those that stay', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port]);
    const { cell, listeners, cluster } = dataPlane;
    using stays = await aRawClient(dataPlane.port);
    const port = (number: number) => aPort(number, { '': () => aRule(cluster) });
    cell.current = aRuntime(port(80), port(81));
    await listeners.follow();
    using goes = await aRawClient(listeners.boundPort(81) ?? 0);
    assert.equal(listeners.boundPort(80), dataPlane.port);
    for (const client of [stays, goes]) {
      client.send(get);
      await client.until((received) => received.endsWith('ok'));
    }
    cell.current = aRuntime(port(80));
    await listeners.follow();
    assert.equal(listeners.boundPort(81), null);
    stays.send(get);
    await stays.until((received) => readAnswers(received).answers.length === 2);
    goes.send(get);
    await goes.until((received) => readAnswers(received).answers.at(-1)?.status === 404);
    await goes.untilClosed();
  });

  it('and a port that is taken is told, does not stop the others, and is tried again', async () => {
    const blocker = net.createServer();
    const taken = await anUnusedPort();
    await new Promise<void>((resolve) => {
      blocker.listen(taken, '127.0.0.1', resolve);
    });
    const problems: PortProblem[] = [];
    const rule = aRule(null);
    const listeners = createListeners({
      cell: { current: aRuntime(aPort(80, { '': () => rule }), aPort(81, { '': () => rule })) },
      observer: { exchangeFinished() {} },
      address: '127.0.0.1',
      bindPort: (port) => (port === 80 ? taken : 0),
      problem: (problem) => void problems.push(problem),
    });
    try {
      await listeners.follow();
      assert.deepEqual(
        problems.map(({ port, bindPort, code }) => ({ port, bindPort, code })),
        [{ port: 80, bindPort: taken, code: 'EADDRINUSE' }],
      );
      assert.notEqual(listeners.boundPort(81), null);
      blocker.close();
      await eventually(() => listeners.boundPort(80) === taken);
    } finally {
      listeners.close();
    }
  });
});

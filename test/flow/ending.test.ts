// How a data plane ends, as its clients see it: real processes, SIGTERM, keep-alive connections of clients that follow
// `Connection: close` and try nothing twice.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ClientConnection, ClientError } from '#e2e/turnpike/client.ts';
import { givenBackend } from '../given/backend.ts';
import { aDataPlaneProcess } from '../given/data-plane-process.ts';
import { eventually } from '../given/eventually.ts';

const perSecond = 1_000;
const atOnceMax = 64;

/** The connections that clients keep, and the ports that new ones are spread over, as Services do. */
class Balancer {
  readonly #idle: ClientConnection[] = [];
  readonly #failures: string[] = [];
  readonly #running = new Set<Promise<void>>();
  #ports: readonly number[];
  #opened = 0;
  answers = 0;
  announced = 0;

  constructor(...ports: readonly number[]) {
    this.#ports = ports;
  }

  /** New connections go elsewhere from now on. */
  leave(port: number): void {
    this.#ports = this.#ports.filter((other) => other !== port);
  }

  /** Sends `perSecond` requests a second until the signal, fewer on a machine that has no time for them. */
  async send(signal: AbortSignal): Promise<readonly string[]> {
    for (let lastAt = performance.now(); !signal.aborted; await pause(2)) {
      const due = Math.min(
        Math.floor(((performance.now() - lastAt) * perSecond) / 1_000),
        atOnceMax - this.#running.size,
      );
      if (due > 0) lastAt = performance.now();
      for (let sent = 0; sent < due; sent += 1) {
        const running = this.#ask().finally(() => this.#running.delete(running));
        this.#running.add(running);
      }
    }
    await Promise.all(this.#running);
    for (const connection of this.#idle) connection.close();
    return this.#failures;
  }

  async #ask(): Promise<void> {
    try {
      const connection = this.#kept() ?? (await this.#open());
      const { status, headers } = await connection.ask({ path: '/' });
      if (status === 200) this.answers += 1;
      else this.#failures.push(String(status));
      if (headers.get('connection') === 'close') this.announced += 1;
      if (connection.usable) this.#idle.push(connection);
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.#failures.push(`${error.failure}: ${error.message}`);
    }
  }

  #kept(): ClientConnection | undefined {
    let connection = this.#idle.shift();
    while (connection?.usable === false) connection = this.#idle.shift();
    return connection;
  }

  async #open(): Promise<ClientConnection> {
    const port = this.#ports[this.#opened % this.#ports.length];
    this.#opened += 1;
    return ClientConnection.open('127.0.0.1', { port: port ?? 0 });
  }
}

describe('a data plane that ends', () => {
  it('loses none of 1,000 requests a second while another takes over', async (t) => {
    await using backend = await givenBackend('shop');
    const options = ['--drain-accept=1', '--drain-idle=1', '--drain-deadline=20'];
    await using first = await aDataPlaneProcess(backend.port, options);
    await using second = await aDataPlaneProcess(backend.port, options);
    const balancer = new Balancer(first.port, second.port);
    const over = new AbortController();
    t.after(() => over.abort());
    const sending = balancer.send(over.signal);
    await eventually(() => balancer.answers > perSecond, 10_000);

    first.terminate();
    // Load balancers hear of it later; so long it serves, and stays ready.
    await pause(300);
    assert.equal(await first.isReady(), true);
    balancer.leave(first.port);
    const atMs = performance.now();
    assert.deepEqual(await first.ended, { code: 0, signal: null });
    t.diagnostic(`ended ${Math.round(performance.now() - atMs + 300)} ms after SIGTERM`);
    const before = balancer.answers;
    await eventually(() => balancer.answers > before + perSecond / 2, 10_000);

    over.abort();
    assert.deepEqual(await sending, []);
    assert.ok(balancer.announced > 0, 'no answer said that its connection closes');
    t.diagnostic(`${balancer.answers} answers, ${balancer.announced} of them closed their connection`);
  });

  it('answers who was silent and asks in time, announces the end, and resets nobody', async () => {
    await using backend = await givenBackend('shop');
    await using plane = await aDataPlaneProcess(backend.port, [
      '--drain-accept=0.5',
      '--drain-idle=2',
      '--drain-deadline=20',
    ]);
    const connections = await Promise.all(
      Array.from({ length: 100 }, async () => ClientConnection.open('127.0.0.1', { port: plane.port })),
    );
    for (const connection of connections) {
      assert.equal((await connection.ask({ path: '/' })).status, 200);
    }
    plane.terminate();
    const [silent, ...asking] = connections;
    const announced = asking.map(async (connection, at) => {
      // Spread over the whole time before silent ones are closed, the accepting included, but for half a second.
      await pause(at * 20);
      const { status, headers } = await connection.ask({ path: '/' });
      assert.equal(status, 200);
      return headers.get('connection');
    });
    assert.deepEqual(new Set(await Promise.all(announced)), new Set(['close']));
    assert.equal(silent?.usable, true, 'a silent connection was closed before its time');
    assert.deepEqual(await plane.ended, { code: 0, signal: null });
    assert.equal(silent?.usable, false);
  });

  it('ends at its deadline whatever its clients do, and its health says so when it takes no more', async () => {
    await using backend = await givenBackend('shop', { answer: () => {} });
    await using plane = await aDataPlaneProcess(backend.port, ['--drain-accept=0.5', '--drain-deadline=2']);
    const busy = await ClientConnection.open('127.0.0.1', { port: plane.port });
    const answer = assert.rejects(busy.ask({ path: '/' }), ClientError);
    await eventually(() => backend.requests() === 1);
    plane.terminate();
    await eventually(async () => !(await plane.isReady()));
    await eventually(async () =>
      assert.rejects(ClientConnection.open('127.0.0.1', { port: plane.port }), ClientError),
    );
    assert.deepEqual(await plane.ended, { code: 0, signal: null });
    await answer;
  });
});

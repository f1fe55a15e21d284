// Floods of requests: answered by a cheap 429 before anybody asks what they are for, then cut with their connection.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { clientRules, defaultClientRules } from '#dataplane/compile/client-rules.ts';
import { clientDefaults } from '#snapshot/client-defaults.ts';
import { givenDataPlane } from '#test/given/data-plane.ts';
import { eventually } from '#test/given/eventually.ts';
import { anH2Client } from '#test/given/h2-client.ts';
import { givenProtecting, requestFloods } from '#test/given/protection.ts';
import { aRawBackend, plainAnswer } from '#test/given/raw-backend.ts';
import { aRawClient, converse, readAnswers } from '#test/given/raw-client.ts';
import { aPort, aRule, aRuntime } from '#test/given/runtime.ts';
import type { Socket } from 'node:net';
import type { ClientRules, PortGuard } from '#dataplane/runtime.ts';

const hour = 3_600_000;
const two = { requests: requestFloods({ rate: { count: 2, windowMs: hour, burst: 2 } }) };

function aPlane(backend: number, guard: PortGuard, rules: ClientRules = defaultClientRules) {
  return givenDataPlane([backend], {
    runtime: (cluster) => {
      const rule = aRule(cluster);
      return aRuntime({ ...aPort(80, { '': () => rule }), client: rules, guard });
    },
  });
}

function get(more = ''): string {
  return `GET / HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
}

describe('requests of one address that are too many', () => {
  it('are 429 as often again, and then their connection is cut; its next one too', async () => {
    await using backend = await aRawBackend();
    const { guard, protecting, clock } = givenProtecting();
    using dataPlane = await aPlane(backend.port, guard(two));
    const { answers, rest, closed } = await converse(dataPlane.port, get().repeat(9));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 429, 429],
    );
    assert.deepEqual([rest, closed], ['', true]);
    assert.match(answers[2]?.head ?? '', /\r\nretry-after: 1800(?:\r\n|$)/iu);
    assert.match(answers[2]?.head ?? '', /\r\ndate: /iu);
    assert.equal(answers[2]?.body, '{"status":429,"title":"Too many requests."}\n');
    assert.equal((await converse(dataPlane.port, get())).raw, '');
    assert.equal(backend.seen.length, 2);
    assert.equal(dataPlane.records.length, 2, 'a flood of requests is none of lines in the access log');
    assert.deepEqual(protecting.figures(), [
      { policy: 'default/edge', reason: 'RequestRate', mode: 'Enforce', count: 4 },
    ]);
    clock.ms += hour;
    const later = await converse(dataPlane.port, get('Connection: close\r\n'));
    assert.equal(later.answers[0]?.status, 200);
  });

  it('are refused with their content, and no connection is left that takes it for a request', async () => {
    await using backend = await aRawBackend();
    const { guard } = givenProtecting();
    const one = { requests: requestFloods({}) };
    using dataPlane = await aPlane(backend.port, guard(one));
    using client = await aRawClient(dataPlane.port);
    client.send(get());
    await client.until((received) => received.endsWith('ok'));
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${get().length}\r\n\r\n${get()}`);
    const received = await client.until((octets) => readAnswers(octets).answers.length === 2);
    assert.deepEqual(
      readAnswers(received).answers.map(({ status }) => status),
      [200, 429],
    );
    assert.equal(backend.seen.length, 1);
  });

  it('are counted over all connections and protocols, and a call of gRPC hears it as it can understand it', async () => {
    await using backend = await aRawBackend();
    const { guard } = givenProtecting();
    const many = { requests: requestFloods({ rate: { count: 4, windowMs: hour, burst: 4 } }) };
    using dataPlane = await aPlane(backend.port, guard(many));
    for (let sent = 0; sent < 3; sent += 1) await converse(dataPlane.port, get('Connection: close\r\n'));
    using client = await anH2Client(dataPlane.port);
    assert.equal((await client.ask()).status, 200);
    const refused = await client.ask({ headers: { ':path': '/x' } });
    assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '900']);
    assert.equal((await client.ask({ headers: { ':method': 'HEAD' } })).body.length, 0);
    const call = await client.ask({ headers: { 'content-type': 'application/grpc' }, body: 'x' });
    assert.deepEqual([call.status, call.headers['grpc-status']], [200, '8']);
    assert.equal((await client.ask()).status, 429);
    const closed = once(client.session, 'close');
    await assert.rejects(client.ask());
    await closed;
    await eventually(() => dataPlane.listeners.connectionCount() === 0);
  });

  it('are counted also where nobody understands them', async () => {
    await using backend = await aRawBackend();
    const { guard } = givenProtecting();
    using dataPlane = await aPlane(backend.port, guard(two));
    using client = await anH2Client(dataPlane.port);
    const misread = () => client.ask({ headers: { a_b: 'underscored' } });
    const statuses = [];
    for (let sent = 0; sent < 4; sent += 1) statuses.push((await misread()).status);
    assert.deepEqual(statuses, [400, 400, 429, 429]);
    await assert.rejects(misread(), 'the connection is cut');
    assert.equal(dataPlane.records.length, 2);
    const { answers: next } = await converse(dataPlane.port, 'GET / HTTP/1.1\r\na_b: c\r\n\r\n');
    assert.equal(next.length, 0);
  });

  it('are those of the connection, whatever X-Forwarded-For says', async () => {
    await using backend = await aRawBackend();
    const { guard } = givenProtecting();
    using dataPlane = await aPlane(backend.port, guard(two));
    const sent = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((one) => get(`X-Forwarded-For: ${one}\r\n`));
    const { answers } = await converse(dataPlane.port, `${sent.join('')}${get('Connection: close\r\n')}`);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 429, 429],
    );
  });

  it("are those of the client that a believed proxy tells, and never the proxy's own", async () => {
    await using backend = await aRawBackend();
    const { guard } = givenProtecting();
    const clientAddress = { kind: 'Sources', sources: ['127.0.0.0/8'] } as const;
    const rules = clientRules({ ...clientDefaults, clientAddress });
    using dataPlane = await aPlane(backend.port, guard({ requests: requestFloods({}) }), rules);
    const told = (address: string) => get(`X-Forwarded-For: ${address}\r\n`);
    const octets = [
      told('192.0.2.1'),
      told('192.0.2.1'),
      told('192.0.2.2'),
      get(),
      get(),
      told('::ffff:192.0.2.1'),
      told('192.0.2.1'),
      get('X-Forwarded-For: 192.0.2.3\r\nConnection: close\r\n'),
    ];
    const { answers } = await converse(dataPlane.port, octets.join(''));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 429, 200, 200, 200, 429, 429, 200],
      "who goes on has nobody else's connection cut",
    );
  });

  it('cut nobody else whom a believed proxy carries on the same connection of HTTP/2', async () => {
    const waiting: Socket[] = [];
    await using backend = await aRawBackend((_, socket) => {
      waiting.push(socket);
      return waiting.length === 1 ? null : plainAnswer;
    });
    const { guard } = givenProtecting();
    const clientAddress = { kind: 'Sources', sources: ['127.0.0.0/8'] } as const;
    const rules = clientRules({ ...clientDefaults, clientAddress });
    using dataPlane = await aPlane(backend.port, guard({ requests: requestFloods({}) }), rules);
    using client = await anH2Client(dataPlane.port);
    const ask = (address: string) => client.ask({ headers: { 'x-forwarded-for': address } });
    const other = ask('192.0.2.2');
    await backend.untilSeen(1);
    const flood = await Promise.all(Array.from({ length: 20 }, () => ask('192.0.2.1')));
    assert.deepEqual(new Set(flood.map(({ status }) => status)), new Set([200, 429]));
    waiting[0]?.write(plainAnswer);
    assert.equal((await other).status, 200);
  });

  it('are served in Shadow, and counted', async () => {
    await using backend = await aRawBackend();
    const { guard, protecting } = givenProtecting();
    using dataPlane = await aPlane(backend.port, guard({ requests: requestFloods({ mode: 'Shadow' }) }));
    const { answers } = await converse(dataPlane.port, get().repeat(3) + get('Connection: close\r\n'));
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200],
    );
    assert.equal(protecting.figures()[0]?.count, 3);
  });

  it('are not counted for networks that are exempt', async () => {
    await using backend = await aRawBackend();
    const { guard, protecting } = givenProtecting();
    using dataPlane = await aPlane(
      backend.port,
      guard({ requests: requestFloods({}), exempt: ['127.0.0.0/8'] }),
    );
    const { answers } = await converse(dataPlane.port, get().repeat(3) + get('Connection: close\r\n'));
    assert.equal(answers.filter(({ status }) => status === 200).length, 4);
    assert.equal(protecting.figures()[0]?.count, 0);
  });
});

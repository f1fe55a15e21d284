// Requests of a client go to the endpoint of its first one, by a cookie or a header, in all data planes with one secret.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { givenDataPlane } from '../../given/data-plane.ts';
import { eventually } from '../../given/eventually.ts';
import { anH2Client } from '../../given/h2-client.ts';
import { aRawBackend, plainAnswer } from '../../given/raw-backend.ts';
import { aRawClient, converse } from '../../given/raw-client.ts';
import { aRuleWithSessions, byCookie, byHeader } from '../../given/sessions.ts';
import type { DataPlaneChoices, GivenDataPlane } from '../../given/data-plane.ts';
import type { RawBackend } from '../../given/raw-backend.ts';
import type { Retry } from '#dataplane/runtime.ts';
import type { SessionChoices } from '../../given/sessions.ts';

interface Backends extends AsyncDisposable {
  readonly ports: readonly number[];
}

/** Backends that answer with their number. */
async function numbered(count: number, answer = plainAnswer): Promise<Backends> {
  const backends: RawBackend[] = [];
  for (let number = 0; number < count; number += 1) {
    backends.push(
      await aRawBackend(() => answer.replace('Length: 2\r\n\r\nok', `Length: 1\r\n\r\n${number}`)),
    );
  }
  return {
    ports: backends.map(({ port }) => port),
    async [Symbol.asyncDispose]() {
      for (const backend of backends) await backend[Symbol.asyncDispose]();
    },
  };
}

function keeping(
  choices: SessionChoices = {},
  more: Parameters<typeof aRuleWithSessions>[2] = {},
): Pick<DataPlaneChoices, 'rule'> {
  return { rule: (cluster) => aRuleWithSessions(cluster, choices, more) };
}

interface Answered {
  readonly status: number;
  /** The number of the backend. */
  readonly by: string;
  /** The line that sets the cookie, or the header with the token; null for none. */
  readonly told: string | null;
  readonly token: string;
}

async function ask({ port }: GivenDataPlane, ...lines: readonly string[]): Promise<Answered> {
  const head = ['GET / HTTP/1.1', 'Host: a', 'Connection: close', ...lines].join('\r\n');
  const { answers } = await converse(port, `${head}\r\n\r\n`);
  const [answer] = answers;
  assert.ok(answer);
  const told = /^(?:set-cookie|x-session): (.*)$/imu.exec(answer.head)?.[1] ?? null;
  const token = /(?:at=)?([A-Za-z0-9_-]{60,})/u.exec(told ?? '')?.[1] ?? '';
  return { status: answer.status, by: answer.body, told, token };
}

describe('a session by cookie', () => {
  it('goes to one endpoint, by whichever data plane, and is told once', async () => {
    await using backends = await numbered(5);
    using one = await givenDataPlane(backends.ports, keeping());
    using other = await givenDataPlane(backends.ports.toReversed(), keeping());
    const seen = new Set<string>();
    for (let client = 0; client < 10; client += 1) {
      const first = await ask(client % 2 === 0 ? one : other);
      assert.match(first.told ?? '', /^at=[A-Za-z0-9_-]{68}; Path=\/; HttpOnly; SameSite=Lax$/u);
      seen.add(first.by);
      for (const dataPlane of [one, other, one, other, other]) {
        const again = await ask(dataPlane, `Cookie: a=b; at=${first.token}; c=d`);
        assert.deepEqual([again.by, again.told], [first.by, null]);
      }
    }
    assert.equal(seen.size, 5, 'clients are balanced all the same');
  });

  it('goes on by HTTP/2, whose clients send cookies apart, and by an upgrade', async () => {
    const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
    await using first = await aRawBackend(({ head }) => (/^upgrade:/imu.test(head) ? switched : plainAnswer));
    await using second = await aRawBackend();
    using dataPlane = await givenDataPlane([first.port], keeping());
    using raw = await aRawClient(dataPlane.port);
    raw.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    const head = await raw.until((octets) => octets.includes('\r\n\r\n'));
    assert.match(head, /^HTTP\/1\.1 101/u);
    const [cookie = ''] = /at=[\w-]{68}/u.exec(head) ?? [];
    dataPlane.setEndpoints([second.port, first.port]);
    using client = await anH2Client(dataPlane.port);
    for (let time = 0; time < 4; time += 1) {
      const { status, headers } = await client.ask({ headers: { cookie: ['a=b', cookie, 'c=d'] } });
      assert.deepEqual([status, headers['set-cookie']], [200, undefined]);
    }
    assert.equal(second.seen.length, 0);
    assert.match((await client.ask()).headers['set-cookie']?.[0] ?? '', /^at=/u);
  });

  it('is passed on to the backend with the other cookies', async () => {
    await using backend = await aRawBackend();
    using dataPlane = await givenDataPlane([backend.port], keeping());
    const { token } = await ask(dataPlane);
    await ask(dataPlane, `Cookie: a=b; at=${token}`);
    assert.match(backend.seen[1]?.head ?? '', new RegExp(`^cookie: a=b; at=${token}\\r?$`, 'imu'));
  });

  it('begins anew where the cookie was forged, doubled, cut, or given by another rule or Gateway', async () => {
    await using backends = await numbered(2);
    using dataPlane = await givenDataPlane(backends.ports, keeping());
    using otherRule = await givenDataPlane(backends.ports, keeping({ scope: 'other' }));
    using otherGateway = await givenDataPlane(backends.ports, keeping({ secret: 'other' }));
    const { token } = await ask(dataPlane);
    const foreign = [(await ask(otherRule)).token, (await ask(otherGateway)).token];
    for (const bad of [...foreign, token.slice(1), '', 'x'.repeat(10_000), `${token}; at=${token}`]) {
      const by = new Set<string>();
      for (let time = 0; time < 4; time += 1) {
        const answer = await ask(dataPlane, `Cookie: at=${bad}`);
        assert.equal(answer.status, 200);
        assert.notEqual(answer.told, null);
        by.add(answer.by);
      }
      assert.equal(by.size, 2, 'requests are balanced');
    }
  });

  it('stays with an endpoint that ends and serves, and moves when it has left', async () => {
    await using backends = await numbered(3);
    using dataPlane = await givenDataPlane(backends.ports, keeping());
    const first = await ask(dataPlane);
    const home = backends.ports[Number(first.by)] ?? 0;
    const others = backends.ports.filter((port) => port !== home);
    dataPlane.setEndpoints(others, [home]);
    for (let time = 0; time < 3; time += 1) {
      assert.deepEqual((await ask(dataPlane, `Cookie: at=${first.token}`)).by, first.by);
      assert.notEqual((await ask(dataPlane)).by, first.by, 'new clients go elsewhere');
    }
    dataPlane.setEndpoints(others);
    const moved = await ask(dataPlane, `Cookie: at=${first.token}`);
    assert.notEqual(moved.by, first.by);
    const again = await ask(dataPlane, `Cookie: at=${moved.token}`);
    assert.deepEqual([again.by, again.told], [moved.by, null]);
  });

  it('moves with the answer when its endpoint fails', async () => {
    await using backends = await numbered(1);
    await using failing = await aRawBackend(() => plainAnswer.replace('200 OK', '503 No'));
    const retry: Retry = {
      attempts: 1,
      codes: new Set([503]),
      grpcCodes: new Set(),
      conditions: new Set(['ConnectFailure']),
      backoffMs: 0,
      backoffMsMax: 0,
    };
    using calm = await givenDataPlane([failing.port], keeping());
    const { token } = await ask(calm);
    using dataPlane = await givenDataPlane([failing.port, ...backends.ports], keeping({}, { retry }));
    const moved = await ask(dataPlane, `Cookie: at=${token}`);
    assert.deepEqual([moved.status, moved.by], [200, '0']);
    assert.equal(dataPlane.records[0]?.attempts, 2, 'it was asked first where the session was');
    assert.equal((await ask(dataPlane, `Cookie: at=${moved.token}`)).told, null);
  });

  it('moves when no connection to its endpoint opens', async () => {
    await using backends = await numbered(1);
    const gone = await aRawBackend();
    using before = await givenDataPlane([gone.port], keeping());
    const { token } = await ask(before);
    await gone[Symbol.asyncDispose]();
    using dataPlane = await givenDataPlane([gone.port, ...backends.ports], keeping());
    const moved = await ask(dataPlane, `Cookie: at=${token}`);
    assert.deepEqual([moved.status, moved.by], [200, '0']);
    assert.notEqual(moved.told, null);
  });

  it('leaves an endpoint that is passed over for how it answers', async () => {
    await using backends = await numbered(2);
    using dataPlane = await givenDataPlane(backends.ports, keeping());
    const first = await ask(dataPlane);
    for (const endpoint of dataPlane.cluster.endpoints) {
      if (endpoint.port === backends.ports[Number(first.by)]) endpoint.doubt();
    }
    assert.notEqual((await ask(dataPlane, `Cookie: at=${first.token}`)).by, first.by);
  });

  it('has no other attempt beside it, for another endpoint knows nothing of it', async () => {
    await using slow = await aRawBackend(() => null);
    await using backends = await numbered(1);
    using before = await givenDataPlane(backends.ports, keeping());
    const { token } = await ask(before);
    const hedge = { afterMs: 1, attemptsMax: 1 };
    using dataPlane = await givenDataPlane([slow.port, ...backends.ports], keeping({}, { hedge }));
    for (let time = 0; time < 3; time += 1) await ask(dataPlane, `Cookie: at=${token}`);
    assert.equal(slow.seen.length, 0);
  });
});

describe('a session with an end', () => {
  it('ends when its time is over, however often it was asked for', async () => {
    let nowS = 1_000;
    await using backends = await numbered(2);
    const persistence = { ...byCookie, absoluteMs: 60_000 };
    using dataPlane = await givenDataPlane(backends.ports, keeping({ persistence, nowS: () => nowS }));
    const first = await ask(dataPlane);
    assert.doesNotMatch(first.told ?? '', /max-age|expires/iu);
    nowS += 59;
    assert.equal((await ask(dataPlane, `Cookie: at=${first.token}`)).told, null);
    nowS += 1;
    assert.notEqual((await ask(dataPlane, `Cookie: at=${first.token}`)).told, null);
  });

  it('ends after a silence, and not while it is asked for', async () => {
    let nowS = 1_000;
    await using backends = await numbered(2);
    const persistence = { ...byCookie, idleMs: 80_000 };
    using dataPlane = await givenDataPlane(backends.ports, keeping({ persistence, nowS: () => nowS }));
    const first = await ask(dataPlane);
    let { token } = first;
    for (let time = 0; time < 6; time += 1) {
      nowS += 79;
      const next = await ask(dataPlane, `Cookie: at=${token}`);
      assert.equal(next.by, first.by);
      assert.notEqual(next.told, null, 'the client hears that it was seen');
      ({ token } = next);
    }
    assert.equal((await ask(dataPlane, `Cookie: at=${token}`)).told, null, 'not with each answer');
    nowS += 92;
    const by = new Set<string>();
    for (let time = 0; time < 4; time += 1) by.add((await ask(dataPlane, `Cookie: at=${token}`)).by);
    assert.equal(by.size, 2);
  });

  it('may outlive the browser, for what is left of its time', async () => {
    let nowS = 1_000;
    await using backends = await numbered(1);
    const carrier = { kind: 'Cookie', name: 'at', path: '/shop', lifetime: 'Permanent' } as const;
    const persistence = { carrier, absoluteMs: 300_000, idleMs: 80_000 };
    using dataPlane = await givenDataPlane(backends.ports, keeping({ persistence, nowS: () => nowS }));
    const first = await ask(dataPlane);
    assert.match(first.told ?? '', /; Path=\/shop; HttpOnly; SameSite=Lax; Max-Age=300$/u);
    nowS += 50;
    const next = await ask(dataPlane, `Cookie: at=${first.token}`);
    assert.match(next.told ?? '', /; Max-Age=250$/u);
  });
});

describe('a session by header', () => {
  it('is told with each answer, in place of what the backend says', async () => {
    const lying = plainAnswer.replace('\r\n', '\r\nX-Session: mine\r\n');
    await using backends = await numbered(3, lying);
    using one = await givenDataPlane(backends.ports, keeping({ persistence: byHeader }));
    using other = await givenDataPlane(backends.ports, keeping({ persistence: byHeader }));
    const first = await ask(one);
    for (const dataPlane of [one, other, one, other]) {
      const again = await ask(dataPlane, `X-Session: ${first.token}`);
      assert.deepEqual([again.by, again.told], [first.by, first.token]);
    }
    const doubled = await ask(one, `X-Session: ${first.token}`, `X-Session: ${first.token}`);
    assert.notEqual(doubled.token, '');
    await eventually(() => one.records.length > 0);
  });
});

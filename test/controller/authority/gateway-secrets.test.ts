import { gatewayKey } from '#snapshot/ids.ts';
import { authorityAt, authorityData, authorityFromData } from '#controller/authority/authority.ts';
import {
  DrawnSecrets,
  loginSecret,
  sessionSecret,
  ticketDay,
  ticketSecret,
} from '#controller/authority/gateway-secrets.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';

const start = Date.UTC(2026, 0, 1);
const edge = gatewayKey('shop', 'edge');

describe('what session tickets are sealed by', () => {
  test('is the same at every replica that has the authority', async () => {
    const authority = await authorityAt(null, start);
    const another = authorityFromData(authorityData(authority));
    const day = ticketDay(start);
    assert.equal(ticketSecret(authority, edge, day).reveal(), ticketSecret(another, edge, day).reveal());
    assert.equal(Buffer.from(ticketSecret(authority, edge, day).reveal(), 'base64').length, 32);
  });

  test('is another one for each day, Gateway and authority', async () => {
    const authority = await authorityAt(null, start);
    const secrets = [
      ticketSecret(authority, edge, ticketDay(start)),
      ticketSecret(authority, edge, ticketDay(start + 86_400_000)),
      ticketSecret(authority, gatewayKey('shop', 'other'), ticketDay(start)),
      ticketSecret(await authorityAt(null, start), edge, ticketDay(start)),
    ];
    assert.equal(new Set(secrets.map((secret) => secret.reveal())).size, secrets.length);
    assert.equal(ticketDay(start), ticketDay(start + 86_399_999));
  });

  test('is not told by accident', async () => {
    const secret = ticketSecret(await authorityAt(null, start), edge, ticketDay(start));
    assert(!inspect(secret).includes(secret.reveal()));
  });
});

describe('what session tokens are sealed by', () => {
  test('is the same at every replica and on every day, and another for each Gateway and authority', async () => {
    const authority = await authorityAt(null, start);
    const another = authorityFromData(authorityData(authority));
    assert.equal(sessionSecret(authority, edge).reveal(), sessionSecret(another, edge).reveal());
    const secrets = [
      sessionSecret(authority, edge),
      sessionSecret(authority, gatewayKey('shop', 'other')),
      sessionSecret(await authorityAt(null, start), edge),
      ticketSecret(authority, edge, ticketDay(start)),
    ].map((secret) => secret.reveal());
    assert.equal(new Set(secrets).size, secrets.length);
    assert(!inspect(sessionSecret(authority, edge)).includes(secrets[0] ?? ''));
  });
});

describe('what logins are sealed by', () => {
  const week = 7 * 86_400_000;
  const monday = Math.ceil(start / week) * week;

  test('is another one each week, which opens those of the weeks beside it', async () => {
    const authority = await authorityAt(null, start);
    const [first, second] = [monday, monday + week].map((nowMs) => loginSecret(authority, edge, nowMs));
    assert(first !== undefined && second !== undefined);
    assert.equal(second.previous.reveal(), first.secret.reveal());
    assert.equal(first.next.reveal(), second.secret.reveal());
    assert.notEqual(first.secret.reveal(), second.secret.reveal());
    assert.equal(loginSecret(authority, edge, monday + week - 1).secret.reveal(), first.secret.reveal());
  });

  test('opens at any time what was sealed in a week before, also where another authority has taken over', async () => {
    const hourMs = 3_600_000;
    // in the midst of a week, and just before and after one begins
    for (const born of [start, monday, monday - hourMs, monday + hourMs, monday + 3 * 24 * hourMs]) {
      let authority = await authorityAt(null, born);
      const takesOver = born + 243 * 24 * hourMs;
      const told: { readonly atMs: number; readonly secret: string }[] = [];
      const signers = new Set<string>();
      for (let atMs = takesOver - 2 * week; atMs < takesOver + 4 * week; atMs += 5 * hourMs) {
        authority = await authorityAt(authority, atMs);
        signers.add(authority.current.certificate);
        const kept = authorityFromData(authorityData(authority));
        const { secret, previous, next } = loginSecret(kept, edge, atMs);
        told.push({ atMs, secret: secret.reveal() });
        const opening = new Set([secret, previous, next].map((one) => one.reveal()));
        for (const sealing of told) {
          if (sealing.atMs > atMs - week)
            assert.ok(opening.has(sealing.secret), `${sealing.atMs} at ${atMs}`);
        }
      }
      assert.equal(signers.size, 2);
      const last = loginSecret(authority, edge, takesOver + 4 * week);
      assert.ok(!told.slice(0, 10).some(({ secret }) => secret === last.secret.reveal()));
      const { previous: _, ...alone } = authority;
      const forgotten = loginSecret({ ...alone, previous: null }, edge, takesOver + 4 * week);
      assert.equal(forgotten.previous.reveal(), last.previous.reveal(), 'the one before is needed no more');
    }
  });

  test('is the same at every replica, and another for each Gateway and authority', async () => {
    const authority = await authorityAt(null, start);
    const another = authorityFromData(authorityData(authority));
    const { secret } = loginSecret(authority, edge, start);
    assert.equal(loginSecret(another, edge, start).secret.reveal(), secret.reveal());
    const secrets = [
      secret,
      loginSecret(authority, gatewayKey('shop', 'other'), start).secret,
      loginSecret(await authorityAt(null, start), edge, start).secret,
      sessionSecret(authority, edge),
    ].map((one) => one.reveal());
    assert.equal(new Set(secrets).size, secrets.length);
    assert(!inspect(loginSecret(authority, edge, start)).includes(secrets[0] ?? ''));
  });
});

test('what is drawn for a Gateway is drawn once while authority, day and week are the same', async () => {
  const authority = await authorityAt(null, start);
  const secrets = new DrawnSecrets();
  const at = { day: ticketDay(start), nowMs: start };
  const first = secrets.of(authority, edge, at);
  assert.notEqual(secrets.of(authority, gatewayKey('shop', 'other'), at), first);
  assert.equal(secrets.of(authority, edge, { ...at, nowMs: start + 1 }), first);
  const told = ({ tickets, sessions, login }: typeof first) =>
    [tickets, sessions, login.secret].map((secret) => secret.reveal());
  for (const [by, later] of [
    [authority, { ...at, day: at.day + 1 }],
    [authority, { ...at, nowMs: start + 7 * 86_400_000 }],
    [await authorityAt(null, start), at],
  ] as const) {
    assert.deepEqual(told(secrets.of(by, edge, later)), [
      ticketSecret(by, edge, later.day).reveal(),
      sessionSecret(by, edge).reveal(),
      loginSecret(by, edge, later.nowMs).secret.reveal(),
    ]);
    assert.notDeepEqual(told(secrets.of(by, edge, later)), told(first));
  }
});

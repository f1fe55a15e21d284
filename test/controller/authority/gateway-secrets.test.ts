import { gatewayKey } from '#snapshot/ids.ts';
import { authorityAt, authorityData, authorityFromData } from '#controller/authority/authority.ts';
import { sessionSecret, ticketDay, ticketSecret } from '#controller/authority/gateway-secrets.ts';
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

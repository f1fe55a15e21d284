// Limits whose key, or whose very purpose, is told by expressions.
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import { countsReader, keyReader, needsNoIdentity } from '#dataplane/filters/rate-limit/expressions.ts';
import type { Exchange } from '#dataplane/http/exchange.ts';
import { nobody } from '#dataplane/http/exchange.ts';
import type { OnUnknownKey, RateLimit } from '#snapshot/rate-limit.ts';
import { variables } from '#test/cel/subject.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { limitOf, rateLimit } from './given-rate-limit.ts';

function by(subject: string, tenant: string | null = null): Exchange {
  const fields = tenant === null ? [] : ([['X-Tenant', tenant]] as const);
  const exchange = givenExchange(givenRequest({ fields }));
  if (subject !== '') exchange.identity = { ...nobody, method: 'JWT', subject, claims: { level: 3 } };
  return exchange;
}

function keyBy(...expressions: readonly string[]): (exchange: Exchange) => string | null {
  return keyReader({ kind: 'Expressions', expressions, onUnknown: 'Share' }, variables);
}

describe('a key of expressions', () => {
  test('is what one comes to', () => {
    assert.equal(keyBy('auth.subject')(by('ann')), 'ann');
    assert.equal(keyBy('auth.claims.level')(by('ann')), '3');
    assert.equal(keyBy("request.headers[?'x-tenant'].orValue('none')")(by('ann')), 'none');
  });

  test('is not there where one comes to nothing, or to an empty text', () => {
    assert.equal(keyBy('auth.subject')(by('')), null);
    assert.equal(keyBy('auth.claims.none')(by('ann')), null);
    assert.equal(keyBy('auth.subject', "request.headers[?'x-tenant']")(by('ann')), null);
    assert.equal(keyBy('auth.unknown')(by('ann')), null, 'that this build cannot compile');
  });

  test('tells lists of values apart, whatever is in them', () => {
    const key = keyBy('auth.subject', "request.headers['x-tenant']");
    const pairs = [
      ['a', 'bc'],
      ['ab', 'c'],
      ['a1:b', 'c'],
      ['a', '1:bc'],
      ['1', '1:1'],
      ['1:1', '1'],
    ] as const;
    const keys = pairs.map(([subject, tenant]) => key(by(subject, tenant)));
    assert.equal(new Set(keys).size, pairs.length, keys.join(' '));
  });
});

describe('what happens to an unknown key', () => {
  const verdicts: readonly (readonly [onUnknown: OnUnknownKey, first: string, second: string])[] = [
    ['Skip', 'passes', 'passes'],
    ['Share', 'passes', 'RateLimited'],
    ['Refuse', 'LimitKeyMissing', 'LimitKeyMissing'],
  ];
  for (const [onUnknown, first, second] of verdicts) {
    test(onUnknown, () => {
      const limit = { key: { kind: 'Expressions', expressions: ['auth.subject'], onUnknown } } as const;
      assert.deepEqual(asked(limit, by(''), by('')), [first, second]);
    });
  }
});

/** What a rule of one request an hour says of each. */
function asked(given: Partial<RateLimit>, ...exchanges: readonly Exchange[]): readonly string[] {
  const limiting = createRateLimiting({ variables, now: () => 0, random: () => 0 });
  const filter = limiting.filterFor(rateLimit({ limits: [limitOf(1, 3_600_000)], ...given }));
  return exchanges.map((exchange) => {
    const verdict = filter.apply(exchange);
    assert.ok(!(verdict instanceof Promise));
    return verdict === null ? 'passes' : verdict.kind;
  });
}

test('each key is counted by itself', () => {
  const key = { kind: 'Expressions', expressions: ['auth.subject'], onUnknown: 'Share' } as const;
  assert.deepEqual(asked({ key }, by('ann'), by('bob'), by('ann')), ['passes', 'passes', 'RateLimited']);
});

test('a rule counts the requests that its when is true of, and those of which nobody can tell', () => {
  const posts = "request.headers['x-tenant'] != 'free'";
  assert.deepEqual(
    asked({ when: posts }, by('ann', 'free'), by('ann', 'free'), by('ann', 'paid'), by('ann', 'paid')),
    ['passes', 'passes', 'passes', 'RateLimited'],
  );
  assert.deepEqual(asked({ when: posts }, by('ann'), by('ann')), ['passes', 'RateLimited'], 'no such header');
  assert.deepEqual(asked({ when: 'no.such == 1' }, by('ann'), by('ann')), ['passes', 'RateLimited']);
});

test('a limit by address whose when asks nothing of the caller is asked before it is known who calls', () => {
  const early = (given: Partial<RateLimit>): boolean => needsNoIdentity(rateLimit(given), variables);
  assert.ok(early({}));
  assert.ok(early({ when: "request.path == '/login'" }));
  assert.ok(!early({ when: "auth.plan == 'free'" }));
  assert.ok(!early({ key: { kind: 'Expressions', expressions: ['source.address'], onUnknown: 'Share' } }));
  assert.equal(countsReader(rateLimit(), variables), null);
});

import { applyFilters } from '#dataplane/filters/pipeline.ts';
import type { RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import { givenExchange } from '#test/given/request.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

const refused: Verdict = { kind: 'NoRoute' };

function pipeline() {
  const seen: string[] = [];
  const filter = (kind: string, apply: () => Verdict | Promise<Verdict>): RequestFilter => ({
    kind,
    apply() {
      seen.push(kind);
      return apply();
    },
  });
  return { seen, filter };
}

describe('the filters of a rule', () => {
  it('answer at once, without a promise, when each of them does', () => {
    const { seen, filter } = pipeline();
    const verdict = applyFilters([filter('a', () => null), filter('b', () => null)], givenExchange());
    assert.equal(verdict, null);
    assert.deepEqual(seen, ['a', 'b']);
  });

  it('end at the first that refuses', () => {
    const { seen, filter } = pipeline();
    const verdict = applyFilters([filter('a', () => refused), filter('b', () => null)], givenExchange());
    assert.equal(verdict, refused);
    assert.deepEqual(seen, ['a']);
  });

  it('wait for one that must wait, and go on in order', async () => {
    const { seen, filter } = pipeline();
    const filters = [
      filter('a', () => null),
      filter('b', async () => null),
      filter('c', () => null),
      filter('d', async () => refused),
      filter('e', () => null),
    ];
    const verdict = applyFilters(filters, givenExchange());
    assert.ok(verdict instanceof Promise);
    assert.deepEqual(seen, ['a', 'b']);
    assert.equal(await verdict, refused);
    assert.deepEqual(seen, ['a', 'b', 'c', 'd']);
  });

  it('refuse the request when one of them throws, now or later', async () => {
    const { seen, filter } = pipeline();
    const after = filter('after', () => null);
    const thrower = filter('thrower', () => {
      throw new Error('broken now');
    });
    const rejecter = filter('rejecter', () => Promise.reject(new Error('broken later')));
    for (const [one, text] of [
      [thrower, 'broken now'],
      [rejecter, 'broken later'],
    ] as const) {
      const verdict = await applyFilters([one, after], givenExchange());
      assert.ok(verdict?.kind === 'FilterBroke');
      assert.match(verdict.detail, new RegExp(`${one.kind}: .*${text}`));
    }
    assert.ok(!seen.includes('after'));
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Breaker } from '#dataplane/upstream/breaker.ts';
import type { Held } from '#dataplane/upstream/breaker.ts';

const kinds: readonly Held[] = ['Connection', 'Pending', 'Request', 'Retry'];

describe('a breaker', () => {
  it('lets in as many of each kind as its limits say, whatever comes and goes', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom(...kinds), fc.boolean()), { maxLength: 200 });
    const limits = { connectionsMax: 1, pendingMax: 2, requestsMax: 3, retriesMax: 4 };
    const maxima = { Connection: 1, Pending: 2, Request: 3, Retry: 4 };
    fc.assert(
      fc.property(steps, (all) => {
        const breaker = new Breaker(limits);
        for (const [what, comes] of all) {
          const before = breaker.held(what);
          if (comes) assert.equal(breaker.enter(what), before < maxima[what]);
          else if (before > 0) breaker.leave(what);
          assert.ok(breaker.held(what) <= maxima[what]);
        }
      }),
    );
  });

  it('has no limit where that is 0, and takes other limits while it is in use', () => {
    const breaker = new Breaker({ connectionsMax: 0, pendingMax: 0, requestsMax: 0, retriesMax: 0 });
    for (const what of kinds)
      for (let turn = 0; turn < 1_000; turn += 1) assert.equal(breaker.enter(what), true);
    breaker.update({ connectionsMax: 999, pendingMax: 1_001, requestsMax: 0, retriesMax: 1 });
    assert.deepEqual(
      kinds.map((what) => breaker.enter(what)),
      [false, true, true, false],
    );
  });

  it('is not left by what was never let in', () => {
    assert.throws(() =>
      new Breaker({ connectionsMax: 0, pendingMax: 0, requestsMax: 0, retriesMax: 0 }).leave('Retry'),
    );
  });
});

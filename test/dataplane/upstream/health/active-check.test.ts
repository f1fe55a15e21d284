import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ActiveCheck } from '#dataplane/upstream/health/active-check.ts';
import { EndpointHealth } from '#dataplane/upstream/health/endpoint-health.ts';
import { Prober } from '#dataplane/upstream/health/prober.ts';

const terms = { intervalMs: 1_000, healthyAfter: 2, unhealthyAfter: 3 };

function aCheck(random = 0): ActiveCheck {
  return new ActiveCheck(terms, { nowMs: 0, random: () => random });
}

/** What `healthy` is after each of these answers: + passed, - failed. */
function fares(answers: string): string {
  const check = aCheck();
  const health = new EndpointHealth(check);
  return answers
    .split('')
    .map((answer) => {
      const before = health.healthy;
      const isChanged = answer === '+' ? check.passed() : check.failed();
      health.judge();
      assert.equal(isChanged, before !== health.healthy);
      return health.healthy ? '+' : '-';
    })
    .join('');
}

describe('an active check', () => {
  it('believes the first answer at once, and later ones only so many in a row', () => {
    assert.equal(fares('+--+---'), '++++++-');
    assert.equal(fares('-+-++'), '----+');
    assert.equal(fares('-++--+---'), '--++++++-');
  });

  it('leaves an endpoint ejected that is ejected', () => {
    const check = aCheck();
    const health = new EndpointHealth(check);
    health.ejectedUntilMs = 5;
    check.passed();
    health.judge();
    assert.equal(health.healthy, false);
  });

  it('is due within its first interval, then each interval give or take a tenth, and never while one is under way', () => {
    const check = aCheck(0.5);
    assert.equal(check.due(499), false);
    assert.equal(check.due(500), true);
    assert.equal(check.due(5_000), false);
    check.passed();
    assert.equal(check.due(1_499), false);
    assert.equal(check.due(1_500), true);
    const early = aCheck(0);
    assert.equal(early.due(0), true);
    early.passed();
    assert.equal(early.due(899), false);
    assert.equal(early.due(900), true);
  });
});

interface GivenProber {
  readonly prober: Prober<Asked>;
  readonly endpoints: readonly Asked[];
  /** Who is asked now and has not answered. */
  readonly asked: Map<Asked, (isGood: boolean) => void>;
  readonly aborted: Asked[];
  readonly changed: Asked[];
}

interface Asked {
  readonly check: ActiveCheck;
}

function givenProber(count: number, probesMax = 100): GivenProber {
  const asked = new Map<Asked, (isGood: boolean) => void>();
  const aborted: Asked[] = [];
  const changed: Asked[] = [];
  const endpoints = Array.from({ length: count }, () => ({ check: aCheck() }));
  const prober = new Prober<Asked>({
    counts: { checksPassed: 0, checksFailed: 0 },
    timeoutMs: 100,
    probesMax,
    changed: (endpoint) => void changed.push(endpoint),
    ask(endpoint, told) {
      asked.set(endpoint, (isGood) => {
        asked.delete(endpoint);
        told(isGood);
      });
      return { abort: () => void (asked.delete(endpoint) && aborted.push(endpoint)) };
    },
  });
  for (const endpoint of endpoints) prober.admit(endpoint);
  return { prober, endpoints, asked, aborted, changed };
}

describe('a prober', () => {
  it('asks each endpoint in its time and tells who changed', () => {
    const { prober, endpoints, asked, changed } = givenProber(3);
    prober.sweep(0);
    assert.deepEqual(new Set(asked.keys()), new Set(endpoints));
    for (const [endpoint, told] of asked) told(endpoint !== endpoints[1]);
    assert.deepEqual(changed, [endpoints[1]]);
    prober.sweep(10);
    assert.equal(asked.size, 0);
    prober.sweep(900);
    assert.equal(asked.size, 3);
  });

  it('takes no answer in time for a bad one, and does not hear it later', () => {
    const { prober, endpoints, asked, aborted, changed } = givenProber(1);
    prober.sweep(0);
    const told = asked.get(endpoints[0] ?? assert.fail());
    prober.sweep(99);
    assert.deepEqual(aborted, []);
    prober.sweep(100);
    assert.deepEqual([aborted.length, changed.length, endpoints[0]?.check.healthy], [1, 1, false]);
    told?.(true);
    assert.equal(endpoints[0]?.check.healthy, false);
  });

  it('asks so many at once at most, and nobody waits for ever', () => {
    const { prober, endpoints, asked } = givenProber(10, 3);
    const seen = new Set<Asked>();
    for (let nowMs = 0; nowMs < 2_000 && seen.size < 10; nowMs += 10) {
      prober.sweep(nowMs);
      assert.ok(asked.size <= 3);
      for (const [endpoint, told] of asked) {
        seen.add(endpoint);
        told(true);
      }
    }
    assert.equal(seen.size, endpoints.length);
  });

  it('gives up on endpoints that have left, and on all at its end', () => {
    const { prober, endpoints, asked, aborted, changed } = givenProber(3);
    prober.sweep(0);
    prober.dismiss(endpoints[0] ?? assert.fail());
    assert.deepEqual(aborted, [endpoints[0]]);
    prober.close();
    assert.equal(asked.size, 0);
    prober.sweep(5_000);
    assert.deepEqual([asked.size, changed.length], [0, 0]);
  });
});

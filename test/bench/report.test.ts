// What the bench makes of its figures: ratios within a round, intervals, tables that hide nothing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { plotOf } from '#bench/report/plot.ts';
import { ratio } from '#bench/report/ratios.ts';
import { merged } from '#bench/report/results.ts';
import type { PeerResult, Results, WorkResult } from '#bench/report/results.ts';
import { pageOf } from '#bench/report/tables.ts';
import { spread } from '#bench/statistics.ts';

function peer(name: string, values: readonly number[], failed = 0): PeerResult {
  const runs = values.map((value) => ({ value, done: 100, failed, perSecond: 50, foreign: 0.01 }));
  return { name, version: '1.0', runs };
}

function work(...peers: readonly PeerResult[]): WorkResult {
  return {
    title: 'small GET',
    figure: { name: 'CPU a request', unit: 'µs' },
    measuredAt: '2026-11-22T00:00:00.000Z',
    rounds: 3,
    seconds: 1,
    references: ['nginx'],
    goals: [{ peer: 'Turnpike', to: 'nginx', must: 1.3, aim: 1.15 }],
    peers,
  };
}

const results = (small: WorkResult): Results => ({ machine: 'a machine', works: { small }, costs: [] });

describe('spread', () => {
  it('is the middle figure and an interval around it, the same each time', () => {
    const figures = Array.from({ length: 15 }, (_, at) => 20 + at / 10);
    const { median, low, high } = spread(figures);
    assert.equal(median, 20.7);
    assert.ok(20 <= low && low < 20.7 && 20.7 < high && high <= 21.4, `${low} to ${high}`);
    assert.deepEqual(spread(figures), spread(figures));
  });

  it('of figures that agree has no width', () => {
    assert.deepEqual(spread([3, 3, 3]), { median: 3, low: 3, high: 3 });
  });
});

describe('a ratio', () => {
  it('is taken within each round, so that what the machine did to both does not matter', () => {
    const found = ratio(
      work(peer('nginx', [10, 40, 20]), peer('Turnpike', [12, 48, 24])),
      'Turnpike',
      'nginx',
    );
    assert.deepEqual(found, { median: 1.2, low: 1.2, high: 1.2 });
  });

  it('is not taken when one of them has no runs', () => {
    const lacking = { name: 'Turnpike', version: '', lacking: 'it is not there' };
    assert.equal(ratio(work(peer('nginx', [10]), lacking), 'Turnpike', 'nginx'), null);
  });
});

describe('the page', () => {
  it('says of each goal whether it is met, and of the aim', () => {
    const verdictAt = (value: number): string => {
      const page = pageOf(
        results(work(peer('nginx', [10, 10, 10]), peer('Turnpike', [value, value, value]))),
      );
      return /^\| small GET \|.*\| ([^|]*) \|$/m.exec(page)?.[1] ?? '';
    };
    assert.equal(verdictAt(11), 'met, and the aim');
    assert.equal(verdictAt(12), 'met');
    assert.equal(verdictAt(14), 'missed');
  });

  it('tells why a proxy has no figures, and how many answers failed', () => {
    const lacking = { name: 'http-proxy', version: '1.18.1', lacking: 'it speaks no HTTP/2' };
    const page = pageOf(results(work(peer('nginx', [10, 10, 10], 7), lacking)));
    assert.match(page, /^\| http-proxy 1\.18\.1 \| it speaks no HTTP\/2 \|/m);
    assert.match(page, /^\| nginx 1\.0 \|.*\| 21 \|$/m);
    assert.match(page, /not measured/);
  });
});

describe('the plot', () => {
  it('has a bar for each proxy with figures and words for the others', () => {
    const lacking = { name: 'http-proxy', version: '', lacking: 'it speaks <no> HTTP/2' };
    const plot = plotOf(results(work(peer('nginx', [10]), peer('Turnpike', [12]), lacking)));
    assert.equal(plot.match(/<rect /g)?.length, 2);
    assert.match(plot, /it speaks &lt;no&gt; HTTP\/2/);
  });
});

it('works that are measured again replace those before, and no others', () => {
  const [one, two] = [work(peer('nginx', [1])), work(peer('nginx', [2]))];
  const before: Results = { machine: 'old', works: { small: one, large: one }, costs: [] };
  const after = merged(before, { machine: 'new', works: { small: two }, costs: [] });
  assert.deepEqual(after.works, { small: two, large: one });
});

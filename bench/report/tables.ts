// Results as Markdown.
import { median } from '../statistics.ts';
import type { Spread } from '../statistics.ts';
import type { Goal, Measurement } from '../works/work.ts';
import { figureOf, ratio } from './ratios.ts';
import type { CostResult, PeerResult, Results, WorkResult } from './results.ts';

/** All that there is to tell: what was aimed at and came out, then each work. */
export function pageOf(results: Results): string {
  const works = Object.values(results.works);
  const machine = `On ${results.machine}.`;
  const parts = [machine, goalTable(works, results.costs), ...works.map(workTable)];
  return `${parts.join('\n\n')}\n`;
}

function goalTable(works: readonly WorkResult[], costs: readonly CostResult[]): string {
  const rows = works.flatMap((work) => work.goals.map((goal) => goalRow(work, goal)));
  return table(
    ['work', 'what', 'measured: median (95 % interval)', 'must', 'aim', ''],
    [...rows, ...costs.map(costRow)],
  );
}

function goalRow(work: WorkResult, goal: Goal): readonly string[] {
  const peer = work.peers.find((one) => one.name === goal.peer);
  const { name, unit } = work.figure;
  const found = goal.to === null ? peer && figureOf(peer) : ratio(work, goal.peer, goal.to);
  const what = goal.to === null ? `${name}, ${unit}` : `${name}, times ${goal.to}'s`;
  const aim = goal.aim === null ? '' : `≤ ${goal.aim}`;
  if (found === undefined || found === null)
    return [work.title, what, 'not measured', `≤ ${goal.must}`, aim, ''];
  return [work.title, what, shown(found, 2), `≤ ${goal.must}`, aim, verdict(found.median, goal)];
}

function verdict(value: number, { must, aim }: Pick<Goal, 'must' | 'aim'>): string {
  if (value > must) return 'missed';
  return aim !== null && value <= aim ? 'met, and the aim' : 'met';
}

function costRow({ title, nanos, must }: CostResult): readonly string[] {
  const values = Object.values(nanos);
  const most = Math.max(...values) / Math.min(...values);
  const steps = Object.entries(nanos).map(
    ([count, value]) => `${Number(count).toLocaleString('en')}: ${value.toFixed(0)} ns`,
  );
  return [
    title,
    steps.join(', '),
    `dearest ${most.toFixed(2)} times the cheapest`,
    `≤ ${must}`,
    '',
    verdict(most, { must, aim: null }),
  ];
}

function workTable(work: WorkResult): string {
  const { name, unit } = work.figure;
  const beside = besideNames(work.peers);
  const heads = [
    'proxy',
    `${name}, ${unit}: median (95 % interval)`,
    ...work.references.map((to) => `times ${to}'s`),
    'a second',
    ...beside,
    'failed',
  ];
  const rows = work.peers.map((peer) => peerRow(work, peer, beside));
  const when = work.measuredAt.slice(0, 10);
  const how = `${work.rounds} rounds of ${work.seconds} s (${when})${noiseOf(work)}.`;
  return `### ${work.title}\n\n${how}\n\n${table(heads, rows)}`;
}

function peerRow(work: WorkResult, peer: PeerResult, beside: readonly string[]): readonly string[] {
  const title = `${peer.name} ${peer.version}`.trim();
  const found = figureOf(peer);
  if (found === null || !('runs' in peer)) return [title, 'lacking' in peer ? peer.lacking : 'no run'];
  const { runs } = peer;
  const middle = (pick: (run: Measurement) => number): string =>
    Math.round(median(runs.map(pick))).toLocaleString('en');
  return [
    title,
    shown(found, 1),
    ...work.references.map((to) => (to === peer.name ? '1' : shown(ratio(work, peer.name, to), 2))),
    middle((run) => run.perSecond),
    ...beside.map((name) => middle((run) => run.beside?.[name] ?? Number.NaN)),
    String(runs.reduce((sum, run) => sum + run.failed, 0)),
  ];
}

function besideNames(peers: readonly PeerResult[]): readonly string[] {
  const names = peers.flatMap((peer) =>
    'runs' in peer ? peer.runs.flatMap((run) => Object.keys(run.beside ?? {})) : [],
  );
  return [...new Set(names)];
}

function noiseOf(work: WorkResult): string {
  const runs = work.peers.flatMap((peer) => ('runs' in peer ? peer.runs : []));
  const shares = runs.flatMap(({ foreign }) => (foreign === null ? [] : [foreign * 100]));
  if (shares.length === 0) return '';
  return `; others took ${median(shares).toFixed(0)} % of the measured processor, ${Math.max(...shares).toFixed(0)} % at most`;
}

function shown(found: Spread | null, digits: number): string {
  if (found === null) return '';
  const [middle, low, high] = [found.median, found.low, found.high].map((value) => value.toFixed(digits));
  return `${middle} (${low} to ${high})`;
}

/** A table of Markdown. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${heads.map((_, at) => cells[at] ?? '').join(' | ')} |`;
  return [line(heads), `|${heads.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

// The picture of docs/guides/rate-limiting.md: the same arrivals at a limit of each algorithm, decided by the data plane's
// own code under a clock that is told.
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import type { Exchange } from '#dataplane/http/exchange.ts';
import { Fields } from '#dataplane/http/fields.ts';
import type { Limit } from '#snapshot/limit.ts';
import type { Cost } from '#snapshot/rate-limit.ts';
import { variables } from '#test/cel/subject.ts';
import { exchangeOf, rateLimit } from '../dataplane/filters/rate-limit/given-rate-limit.ts';

const windowMs = 5000;
const endMs = 20_000;
/** How long a request takes, of which only some may be under way at a time. */
const takesMs = 1000;

/** One a second, and two floods: just before a window ends, and just after. */
const arrivals = [
  ...Array.from({ length: 20 }, (_, at) => 500 + 1000 * at),
  ...Array.from({ length: 12 }, (_, at) => 8800 + 90 * at),
  ...Array.from({ length: 12 }, (_, at) => 10_100 + 90 * at),
].sort((a, b) => a - b);

const limits: readonly (readonly [told: string, limit: Limit, cost?: Cost])[] = [
  [
    'TokenBucket: requests 10, window 5s',
    { name: 'only', algorithm: 'TokenBucket', requests: 10, windowMs, burst: 10 },
  ],
  [
    'The same, and each answer takes 2 when it ends, after 1s',
    { name: 'only', algorithm: 'TokenBucket', requests: 10, windowMs, burst: 10 },
    { type: 'Response', expression: '2' },
  ],
  [
    'FixedWindow: requests 10, window 5s',
    { name: 'only', algorithm: 'FixedWindow', requests: 10, windows: { kind: 'Even', lengthMs: windowMs } },
  ],
  [
    'SlidingWindow: requests 10, window 5s',
    { name: 'only', algorithm: 'SlidingWindow', requests: 10, windowMs },
  ],
  [
    'LeakyBucket: requests 10, window 5s, queue 6',
    { name: 'only', algorithm: 'LeakyBucket', requests: 10, windowMs, queue: 6 },
  ],
  ['Concurrency: requests 4, each taking 1s', { name: 'only', algorithm: 'Concurrency', requests: 4 }],
];

/** When a request came, and when it went on; null: never. */
interface Fate {
  readonly cameMs: number;
  readonly wentOnMs: number | null;
}

async function fatesUnder(limit: Limit, cost: Cost | null): Promise<readonly Fate[]> {
  let now = 0;
  let delayMs = 0;
  const wait = async (ms: number): Promise<void> => void (delayMs = ms);
  const clocks = { now: () => now, epochMs: () => now, wait, random: () => 0 };
  const filter = createRateLimiting({ ...clocks, variables }).filterFor(rateLimit({ limits: [limit], cost }));
  const fates: Fate[] = [];
  const underWay: { readonly exchange: Exchange; readonly overMs: number }[] = [];
  for (const cameMs of arrivals) {
    for (let [first] = underWay; first !== undefined && first.overMs <= cameMs; [first] = underWay) {
      now = first.overMs;
      first.exchange.atAnswer({ status: 200, fields: new Fields() });
      first.exchange.atEnd(null);
      underWay.shift();
    }
    now = cameMs;
    const exchange = exchangeOf();
    delayMs = 0;
    const isAdmitted = (await filter.apply(exchange)) === null;
    if (isAdmitted) underWay.push({ exchange, overMs: now + takesMs });
    fates.push({ cameMs, wentOnMs: isAdmitted ? cameMs + delayMs : null });
  }
  return fates;
}

const style = `
text { font: 12px system-ui, sans-serif; fill: #24292f; }
.title { font-weight: 600; }
.on { stroke: #1a7f64; stroke-width: 2; }
.refused { stroke: #cf222e; stroke-width: 2; }
.waits { stroke: #8c959f; }
.edge { stroke: #8c959f; stroke-dasharray: 3 3; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .waits, .edge { stroke: #6e7681; }
}`;

const left = 20;
const width = 900;
const laneHeight = 74;
const top = 34;

/** The whole file. */
export async function admissionPicture(): Promise<string> {
  const lanes = await Promise.all(
    limits.map(async ([told, limit, cost = null], at) =>
      lane(told, await fatesUnder(limit, cost), top + at * laneHeight),
    ),
  );
  const height = top + limits.length * laneHeight + 20;
  const edges = Array.from({ length: endMs / windowMs + 1 }, (_, at) => {
    const x = xOf(at * windowMs);
    const label = `<text x="${x}" y="${height - 8}" text-anchor="middle">${at * 5} s</text>`;
    return `<line class="edge" x1="${x}" x2="${x}" y1="${top}" y2="${height - 24}"/>${label}`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width + 2 * left} ${height}" role="img" aria-label="What each algorithm makes of the same arrivals">`,
    `<style>${style}</style>`,
    `<text x="${left}" y="18">Up, green: goes on. Down, red: refused. Grey: waits. Dashed: where windows end.</text>`,
    ...edges,
    ...lanes,
    '</svg>\n',
  ].join('\n');
}

function lane(told: string, fates: readonly Fate[], y: number): string {
  const middle = y + 44;
  const admitted = fates.filter(({ wentOnMs }) => wentOnMs !== null).length;
  const marks = fates.map(({ cameMs, wentOnMs }) => {
    if (wentOnMs === null) return mark('refused', cameMs, middle, middle + 16);
    const waits =
      wentOnMs > cameMs
        ? `<line class="waits" x1="${xOf(cameMs)}" x2="${xOf(wentOnMs)}" y1="${middle}" y2="${middle - 18}"/>`
        : '';
    return waits + mark('on', wentOnMs, middle - 18, middle);
  });
  const title = `<text class="title" x="${left + 6}" y="${y + 14}">${told}: ${admitted} of ${fates.length} go on</text>`;
  return [title, ...marks].join('\n');
}

function mark(kind: string, ms: number, from: number, to: number): string {
  const x = xOf(ms);
  return `<line class="${kind}" x1="${x}" x2="${x}" y1="${from}" y2="${to}"/>`;
}

function xOf(ms: number): string {
  return (left + (ms * width) / endMs).toFixed(1);
}

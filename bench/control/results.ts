// What was measured of one subject, and the tables it becomes. Rows of all subjects stand beside each other.
import type { GoalRow, Measured } from '../report/parts.ts';
import { quantile } from './api.ts';
import type { Burst } from './burst.ts';
import type { Churn } from './churn.ts';
import type { Many } from './many.ts';
import type { Newcomers } from './newcomers.ts';

/** All there is of one subject; what was not asked for is left out. */
export interface SubjectResult {
  readonly name: string;
  readonly version: string;
  readonly burst?: Burst;
  readonly newcomers?: Newcomers;
  readonly many?: Many;
  readonly churn?: Churn;
  /** What came of parts that did not come to their end. */
  readonly unfinished?: Readonly<Partial<Record<PartName, string>>>;
}

export const partNames = ['routes', 'many', 'churn'] as const;
export type PartName = (typeof partNames)[number];

export const titles: Readonly<Record<PartName, string>> = {
  routes: '1,000 routes at once, and one more beside 3,000',
  many: '5,000 routes with a Service each',
  churn: '10,000 endpoints of one Service, 100 of which move each second',
};

const ms = (figure: number): string =>
  `${figure < 100 ? figure.toFixed(1) : Math.round(figure).toLocaleString('en')} ms`;
const seconds = (figure: number): string => `${(figure / 1_000).toFixed(1)} s`;
const mib = (figure: number): string => `${Math.round(figure)} MiB`;
const percents = (share: number): string => `${Math.round(share * 100)} %`;
const latency = ({ median, p99, max }: Churn['report']['latencyMs']): readonly string[] => [
  ms(median),
  ms(p99),
  ms(max),
];
const counts = (record: Readonly<Record<string, number>>): string =>
  Object.entries(record)
    .map(([what, count]) => `${count.toLocaleString('en')} x ${what}`)
    .join(', ') || 'none';

function goal(what: string, measured: string, aim: string, isMet: boolean): GoalRow {
  return { what, measured, goal: aim, isMet };
}

/** What was measured in a part; the first subject is the one that has goals. */
export function measuredIn(part: PartName, all: readonly SubjectResult[]): Measured {
  const { goals, heads = [], rows = [] } = tables[part](all);
  const words = all.map(({ unfinished }) => unfinished?.[part]);
  const [own] = words;
  const missing = all.flatMap(({ name, version }, at) => {
    const word = words[at];
    return word === undefined ? [] : [[`${name} ${version}`.trim(), word, ...heads.slice(2).map(() => '')]];
  });
  return {
    goals: own === undefined ? goals : [...goals, goal(titles[part], own, 'measured', false)],
    heads,
    rows: [...rows, ...missing],
  };
}

const tables: Readonly<Record<PartName, (all: readonly SubjectResult[]) => Measured>> = {
  routes: routesTable,
  many: manyTable,
  churn: churnTable,
};

function routesTable(all: readonly SubjectResult[]): Measured {
  const [first] = all;
  const { burst, newcomers } = first ?? {};
  return {
    goals: [
      ...(burst === undefined
        ? []
        : [
            goal('1,000 routes attached, after the last create', ms(burst.attachedMs), '≤ 1,000 ms', burst.attachedMs <= 1_000),
            goal('Writes of their Gateway’s status', String(burst.gatewayWrites), '≤ 80', burst.gatewayWrites <= 80),
          ]),
      ...(newcomers === undefined ? [] : newcomerGoals(newcomers)),
    ],
    heads: ['', '1,000 created in', 'attached after', 'accepted after', 'served after', 'writes of the Gateway', 'a new route beside 3,000: median', 'p99', 'most', 'wrong answers'],
    rows: all.flatMap(({ name, version, burst: one, newcomers: other }) =>
      one === undefined || other === undefined
        ? []
        : [[
            `${name} ${version}`, seconds(one.createdMs), ms(one.attachedMs), one.acceptedMs === null ? 'never all' : ms(one.acceptedMs), ms(one.servedMs), String(one.gatewayWrites),
            ms(quantile(other.timesMs, 0.5)), ms(quantile(other.timesMs, 0.99)), ms(quantile(other.timesMs, 1)), counts(other.wrong),
          ]],
    ),
  }; // prettier-ignore
}

function newcomerGoals({ timesMs, wrong }: Newcomers): readonly GoalRow[] {
  const [median, p99] = [quantile(timesMs, 0.5), quantile(timesMs, 0.99)];
  return [
    goal('A new route beside 3,000, median', ms(median), '≤ 25 ms (aim 17)', median <= 25),
    goal('The same, 99 of 100 within', ms(p99), '≤ 100 ms (aim 75)', p99 <= 100),
    goal('Answers but 404 and then 200', counts(wrong), 'none', Object.keys(wrong).length === 0),
  ];
}

function manyTable(all: readonly SubjectResult[]): Measured {
  const { many } = all[0] ?? {};
  const wire = many?.wireBytes ?? null;
  return {
    goals:
      many === undefined
        ? []
        : [
            goal('Data plane with 5,000 routes and Services', mib(many.residentMiB.dataPlane), '≤ 150 MiB', many.residentMiB.dataPlane <= 150),
            goal('Controller with the same', mib(many.residentMiB.controller), '≤ 400 MiB', many.residentMiB.controller <= 400),
            ...(wire === null ? [] : [goal('One changed route on the wire', `${(wire / 1024).toFixed(1)} KiB`, '≤ 10 KiB', wire <= 10 * 1024)]),
            ...heldGoal('Longest hold of a loop while routes come', many.heldMs),
          ],
    heads: ['', '15,000 objects created in', 'the last served after', 'controller', 'data plane', 'one more route: median', 'p99'],
    rows: all.flatMap(({ name, version, many: one }) =>
      one === undefined
        ? []
        : [[
            `${name} ${version}`, seconds(one.createdMs), ms(one.servedMs), mib(one.residentMiB.controller),
            one.wireBytes === null ? 'the same process' : mib(one.residentMiB.dataPlane),
            ms(quantile(one.timesMs, 0.5)), ms(quantile(one.timesMs, 0.99)),
          ]],
    ),
  }; // prettier-ignore
}

function heldGoal(what: string, held: Churn['heldMs']): readonly GoalRow[] {
  if (held === null) return [];
  const { controller, dataPlane } = held;
  return [
    goal(
      what,
      `controller ${ms(controller)}, data plane ${ms(dataPlane)}`,
      '≤ 20 ms',
      Math.max(controller, dataPlane) <= 20,
    ),
  ];
}

function churnTable(all: readonly SubjectResult[]): Measured {
  const { churn } = all[0] ?? {};
  const lost = ({ report, calm }: Churn) => {
    const sum: Record<string, number> = {};
    for (const { statuses, failures, heldBack } of [report, calm]) {
      for (const [what, count] of Object.entries({ ...statuses, ...failures, 'not sent': heldBack })) {
        if (what !== '200' && count > 0) sum[what] = (sum[what] ?? 0) + count;
      }
    }
    return sum;
  };
  return {
    goals:
      churn === undefined
        ? []
        : [
            goal('Requests lost while 100 of 10,000 endpoints move a second', counts(lost(churn)), 'none', Object.keys(lost(churn)).length === 0),
            ...heldGoal('Longest hold of a loop while endpoints move', churn.heldMs),
          ],
    heads: ['', 'moved a second', 'requests', 'not answered by 200', 'median', 'p99', 'most', 'before any moved: median', 'p99', 'most', 'CPU of the controller', 'of the data plane', 'on the wire', 'longest hold: controller', 'data plane'],
    rows: all.flatMap(({ name, version, churn: one }) =>
      one === undefined
        ? []
        : [[
            `${name} ${version}`, one.movedPerSecond.toFixed(0), (one.report.sent + one.calm.sent).toLocaleString('en'), counts(lost(one)), ...latency(one.report.latencyMs), ...latency(one.calm.latencyMs),
            percents(one.cpuShare.controller), one.wireBytesPerSecond === null ? 'the same process' : percents(one.cpuShare.dataPlane),
            one.wireBytesPerSecond === null ? '' : `${(one.wireBytesPerSecond / 1024).toFixed(0)} KiB/s`,
            one.heldMs === null ? '' : ms(one.heldMs.controller), one.heldMs === null ? '' : ms(one.heldMs.dataPlane),
          ]],
    ),
  }; // prettier-ignore
}

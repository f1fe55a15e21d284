// turnpike usage: what Consumers have used, from the folder of a journal, or from the data planes of a cluster.
import { stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readUsage } from '#dataplane/metering/read-usage.ts';
import type { UsageLoss } from '#snapshot/usage.ts';
import { optionProblem } from '../option-problem.ts';
import { plainText } from '../plain-text.ts';
import { usageArguments, usageHelp } from '../usage.ts';
import { clusterUsage, type ClusterUsage, type UsageCluster } from './cluster-usage.ts';
import { isPeriod, lostIn, table, usedIn } from './usage-table.ts';

/** The exit code: 0 told, 1 nothing can be read, 2 wrong options. */
export async function usage(args: readonly string[], nowMs: number): Promise<number> {
  let options: UsageOptions | null;
  try {
    options = optionsOf(args, nowMs);
  } catch (error) {
    console.error(`turnpike: ${optionProblem(error)}\n\n${usageHelp}`);
    return 2;
  }
  if (options === null) {
    process.stdout.write(usageHelp);
    return 0;
  }
  try {
    const found = await foundBy(options, nowMs);
    for (const problem of found.problems) console.error(`turnpike: ${plainText(problem)}`);
    process.stdout.write(options.reconcile ? reconciled(options, found) : used(options, found));
    return found.problems.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(`turnpike: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

interface UsageOptions {
  /** Where it is read. */
  readonly from: { readonly folder: string } | UsageCluster;
  /** Null: all. */
  readonly consumer: string | null;
  readonly period: string;
  readonly output: 'Table' | 'Json';
  readonly reconcile: boolean;
}

/** Null: only help is wanted. Throws a TypeError that names what is wrong. */
function optionsOf(args: readonly string[], nowMs: number): UsageOptions | null {
  const { values } = parseArgs({ args: [...args], options: usageArguments });
  if (values.help) return null;
  const { folder, consumer = null, period = new Date(nowMs).toISOString().slice(0, 7), output } = values;
  const { kubeconfig, context, namespace = null } = values;
  const from = folder === undefined ? { kubeconfig, context, namespace } : { folder };
  if (!isPeriod(period))
    throw new TypeError(`--period is no year, month, day or hour such as 2026-11: ${period}`);
  if (output !== 'table' && output !== 'json')
    throw new TypeError(`--output is table or json, not ${output}`);
  const whole = consumer === null || consumer.includes('/') ? consumer : `default/${consumer}`;
  const { reconcile } = values;
  return { from, consumer: whole, period, output: output === 'json' ? 'Json' : 'Table', reconcile };
}

async function foundBy({ from }: UsageOptions, nowMs: number): Promise<ClusterUsage> {
  if (!('folder' in from)) return clusterUsage(from);
  // One that is not there is a slip of the pen, and not the same as one where nothing was used.
  const found = await stat(from.folder).catch(() => null);
  if (found?.isDirectory() !== true)
    throw new Error(`there is no folder ${from.folder}: name the one of --usage-journal`);
  return { ...(await readUsage(from.folder, 'All', nowMs)), problems: [] };
}

function used({ period, consumer, output }: UsageOptions, { sums }: ClusterUsage): string {
  const rows = usedIn(period, consumer, sums);
  if (output === 'Json') return `${JSON.stringify({ period, usage: rows }, null, 2)}\n`;
  const told = rows.map((row) => [row.consumer, row.plan || '-', row.route || '-', row.units]);
  return told.length === 0
    ? `Nothing was used in ${period}${consumer === null ? '' : ` by Consumer ${consumer}`}.\n`
    : table(['CONSUMER', 'PLAN', 'ROUTE', 'UNITS'], told);
}

function reconciled({ period, consumer, output }: UsageOptions, { sums, losses }: ClusterUsage): string {
  const counted = usedIn(period, consumer, sums).reduce((all, { units }) => all + units, 0);
  const lost = lostIn(period, consumer, losses);
  const over = lost.reduce((all, { units }) => all + units, 0);
  if (output === 'Json') {
    const told = { period, counted, unknown: over, leases: lost.map(inWords) };
    return `${JSON.stringify(told, null, 2)}\n`;
  }
  const sum = `${counted} units are counted in ${period}, with all that is leased and in use just now.\n`;
  if (lost.length === 0)
    return `${sum}Every data plane that ended more than two minutes ago has told what it used of what it had leased.\n`;
  const rows = lost.map((loss) => [
    inWords(loss).from,
    loss.gateway,
    loss.instance,
    loss.consumer,
    loss.route || '-',
    loss.units,
  ]);
  const titles = ['LEASED', 'GATEWAY', 'DATA PLANE', 'CONSUMER', 'ROUTE', 'UNITS'];
  return `${sum}Of ${over} nobody knows whether they were used: leases of data planes that ended before they told.\n\n${table(titles, rows)}`;
}

function inWords({ fromMs, ...loss }: UsageLoss) {
  return { ...loss, from: new Date(fromMs).toISOString() };
}

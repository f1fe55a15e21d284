/** One run of the compiled suite: the words it is called with, and what became of it. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { exitOf, outputOf } from '../cluster/command.ts';

export interface SuiteOptions {
  /** Of the compiled suite. */
  readonly program: string;
  /** Words that run the command after them where the Gateways' addresses can be reached, and its environment. */
  readonly entry: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly gatewayClass: string;
  readonly profiles: readonly string[];
  /** Null: those that the GatewayClass tells. */
  readonly features: readonly string[] | null;
  readonly selection: Selection;
  /** One that a Gateway can be given when it asks, and one that it cannot. */
  readonly addresses: { readonly usable: string; readonly unusable: string };
  /** Turnpike's. */
  readonly version: string;
  /** Files to write: the report, if all tests ran; all that is printed. */
  readonly report: string;
  readonly log: string;
  /** Leave the suite's Gateways and backends there, which a run after this one takes as they are. */
  readonly keep: boolean;
  /** Seconds by the suite's names, instead of its own. */
  readonly timeouts: Readonly<Record<string, number>>;
}

/**
 * `All` tests of the features; `Some` of them, by name, of which none is left out but for a feature that is not claimed;
 * or `One`, whether its features are claimed or not.
 */
export type Selection =
  | { readonly kind: 'All' }
  | { readonly kind: 'Some'; readonly tests: readonly string[] }
  | { readonly kind: 'One'; readonly test: string };

export interface TestResult {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
}

/** A test that did not run, and the feature that is not claimed. */
interface LeftOut {
  readonly name: string;
  readonly feature: string;
}

export interface SuiteResult {
  readonly passed: boolean;
  /** Of the tests that ran. */
  readonly results: readonly TestResult[];
  readonly leftOut: readonly LeftOut[];
}

/** Runs the suite to its end, telling each test as it begins; what it prints is in `log`. */
export async function runSuite(options: SuiteOptions): Promise<SuiteResult> {
  const [program, ...args] = [...options.entry, options.program, ...suiteArguments(options)] as [
    string,
    ...string[],
  ];
  // Whatever becomes of us, the suite does not live on: it would write into a cluster that others use.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
    env: options.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = exitOf(child, program);
  const log = createWriteStream(options.log);
  const results: TestResult[] = [];
  const leftOut: LeftOut[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    log.write(`${line}\n`);
    const begun = /: Running (\w+), relying on/.exec(line)?.[1];
    if (begun !== undefined) console.log(`  ${begun}`);
    const result = resultIn(line);
    if (result !== null) results.push(result);
    const without = leftOutIn(line);
    if (without !== null) leftOut.push(without);
  }
  log.end();
  await finished(log);
  return { passed: (await ended).code === 0, results, leftOut };
}

/** Rejects with a ClusterError when the Gateway API would not take the report of a run into its list (IsConformant). */
export async function askForListing({ program, report }: SuiteOptions): Promise<void> {
  await outputOf(program, ['-test.run=^TestReport$', `-report=${report}`]);
}

/** The flags of the suite. The time-outs are its own, as a report that is worth something asks for. */
export function suiteArguments(options: SuiteOptions): readonly string[] {
  return [
    '-test.v',
    `-gateway-class=${options.gatewayClass}`,
    `-conformance-profiles=${options.profiles.join(',')}`,
    ...(options.features === null ? [] : [`-supported-features=${options.features.join(',')}`]),
    ...selectionFlags(options),
    `-usable-address=${options.addresses.usable}`,
    `-unusable-address=${options.addresses.unusable}`,
    `-cleanup-base-resources=${String(!options.keep)}`,
    ...timeoutFlag(options.timeouts),
    '-organization=turnpike',
    '-project=turnpike',
    '-url=https://turnpike.dev',
    `-version=${options.version}`,
    '-contact=https://turnpike.dev',
  ];
}

const everyTest = '-test.run=^TestConformance$';

function selectionFlags({ selection, report }: SuiteOptions): readonly string[] {
  switch (selection.kind) {
    case 'All':
      return [everyTest, `-report-output=${report}`];
    case 'Some':
      return [`-test.run=^TestConformance$/^(${selection.tests.join('|')})$`];
    case 'One':
      return [everyTest, `-run-test=${selection.test}`];
    default:
      return selection satisfies never;
  }
}

function timeoutFlag(timeouts: Readonly<Record<string, number>>): readonly string[] {
  const words = Object.entries(timeouts).map(([name, seconds]) => `${name}:${seconds}`);
  return words.length === 0 ? [] : [`-timeout-config-overrides=${words.join(';')}`];
}

/** What a line such as `    --- PASS: TestConformance/HTTPRouteWeight (0.46s)` tells; null for others. */
export function resultIn(line: string): TestResult | null {
  const [, word, name, seconds] =
    /^ {4}--- (PASS|FAIL): TestConformance\/(\w+) \(([\d.]+)s\)$/.exec(line) ?? [];
  if (word === undefined || name === undefined) return null;
  return { name, passed: word === 'PASS', seconds: Number(seconds) };
}

/** What a line such as `    conformance.go:56: Skipping UDPRoute: suite does not support UDPRoute` tells; null for others. */
export function leftOutIn(line: string): LeftOut | null {
  const [, name, feature] = /: Skipping (\w+): suite does not support (\w+)$/.exec(line) ?? [];
  return name === undefined || feature === undefined ? null : { name, feature };
}

/** Meshes are no matter of gateways: the suite has them as a feature among others. */
const ofMeshes = 'Mesh';

/** The tests for gateways that a run left out, in words: none, when it was whole. */
export function unclaimed({ leftOut }: Pick<SuiteResult, 'leftOut'>): readonly string[] {
  return leftOut
    .filter(({ feature }) => feature !== ofMeshes)
    .map(({ name, feature }) => `${name} did not run: ${feature} is not claimed`);
}

/** One run of the compiled suite: the words it is called with, and what became of it. */
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';
import { exitOf } from '../cluster/command.ts';

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
  /** Null: all tests of the features. */
  readonly test: string | null;
  /** One that a Gateway can be given when it asks, and one that it cannot. */
  readonly addresses: { readonly usable: string; readonly unusable: string };
  /** Turnpike's. */
  readonly version: string;
  /** Files to write: the report, all that is printed. */
  readonly report: string;
  readonly log: string;
  readonly keep: boolean;
  /** Seconds by the suite's names, instead of its own: for what must fail, which need not take minutes. */
  readonly timeouts?: Readonly<Record<string, number>>;
}

export interface TestResult {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
}

export interface SuiteResult {
  readonly passed: boolean;
  /** Those that ran. */
  readonly tests: readonly TestResult[];
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
  const tests: TestResult[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    log.write(`${line}\n`);
    const begun = /: Running (\w+), relying on/.exec(line)?.[1];
    if (begun !== undefined) console.log(`  ${begun}`);
    const result = resultIn(line);
    if (result !== null) tests.push(result);
  }
  log.end();
  await finished(log);
  return { passed: (await ended).code === 0, tests };
}

/** The flags of the suite. The time-outs are its own, as a report that is worth something asks for. */
export function suiteArguments(options: SuiteOptions): readonly string[] {
  return [
    '-test.v',
    `-gateway-class=${options.gatewayClass}`,
    `-conformance-profiles=${options.profiles.join(',')}`,
    ...(options.features === null ? [] : [`-supported-features=${options.features.join(',')}`]),
    ...(options.test === null ? [`-report-output=${options.report}`] : [`-run-test=${options.test}`]),
    `-usable-address=${options.addresses.usable}`,
    `-unusable-address=${options.addresses.unusable}`,
    `-cleanup-base-resources=${String(!options.keep)}`,
    ...timeoutFlag(options.timeouts ?? {}),
    '-organization=turnpike',
    '-project=turnpike',
    '-url=https://turnpike.dev',
    `-version=${options.version}`,
    '-contact=https://turnpike.dev',
  ];
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

/**
 * The official report of a run, as the suite writes it (ConformanceReport of gateway.networking.k8s.io/v1), kept in
 * docs/conformance under the name that the Gateway API asks for, beside the names of all tests that passed: a report only
 * counts, and not those tests that are in no profile. Knows how it is read and compared, not how it is made.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';

export interface Tally {
  readonly result: 'success' | 'partial' | 'failure';
  readonly statistics: { readonly Passed: number; readonly Skipped: number; readonly Failed: number };
  readonly failedTests?: readonly string[];
  readonly skippedTests?: readonly string[];
}

export interface ProfileReport {
  readonly name: string;
  readonly summary: string;
  readonly core: Tally;
  /** Absent where the profile has no extended features. */
  readonly extended?: Tally & {
    readonly supportedFeatures?: readonly string[];
    readonly unsupportedFeatures?: readonly string[];
  };
}

export interface ConformanceReport {
  readonly date: string;
  readonly gatewayAPIVersion: string;
  readonly gatewayAPIChannel: string;
  readonly mode: string;
  readonly implementation: { readonly version: string };
  readonly profiles: readonly ProfileReport[];
  readonly succeededProvisionalTests?: readonly string[];
}

export const reportFolder = path.join(import.meta.dirname, '../../docs/conformance');

/** The report in `text`, which the suite has written. */
export function readReport(text: string): ConformanceReport {
  return parse(text) as ConformanceReport;
}

/** `standard-0.1.0-default-report.yaml`: the name by which it goes into the public list. */
export function nameOf({ gatewayAPIChannel, implementation, mode }: ConformanceReport): string {
  return `${gatewayAPIChannel}-${implementation.version}-${mode}-report.yaml`;
}

/** Beside the report in the file `name`: the tests that passed, one a line, sorted. */
export function testsNameOf(name: string): string {
  return name.replace(/-report\.yaml$/, '-tests.txt');
}

/** A report by the name of its file. */
export interface KeptReport {
  readonly name: string;
  readonly report: ConformanceReport;
  /** That passed, sorted. */
  readonly tests: readonly string[];
}

/** The reports in the repository, in the order of their names: one of each channel, of the newest version. */
export async function keptReports(): Promise<readonly KeptReport[]> {
  const files = await readdir(reportFolder).catch((): string[] => []);
  const names = files.filter((name) => name.endsWith('-report.yaml')).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const report = readReport(await readFile(path.join(reportFolder, name), 'utf8'));
      // A report without them is another than any that is found.
      const tests = files.includes(testsNameOf(name)) ? await readTests(name) : [];
      return { name, report, tests };
    }),
  );
}

async function readTests(name: string): Promise<readonly string[]> {
  const text = await readFile(path.join(reportFolder, testsNameOf(name)), 'utf8');
  return text.trimEnd().split('\n');
}

type Findings = Omit<KeptReport, 'name'>;

/** Whether two runs tell the same but for when they were made; the suite lists profiles in any order. */
export function sameFindings(one: Findings, other: Findings): boolean {
  return isDeepStrictEqual(comparable(one), comparable(other));
}

function comparable({ report, tests }: Findings): unknown {
  const profiles = report.profiles.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return { ...report, date: '', profiles, tests };
}

/** What of a run is not as it should be: all tests passed, none skipped, and there were some. Empty when all is well. */
export function shortcomings({ report, tests }: Findings): readonly string[] {
  const counted = Math.max(0, ...report.profiles.map(passedIn));
  return [
    ...(report.profiles.length === 0 ? ['no profile was judged'] : []),
    ...(tests.length < counted ? [`${counted} tests were counted, and ${tests.length} seen to pass`] : []),
    ...report.profiles.flatMap(({ name, core, extended }) => [
      ...(core.statistics.Passed === 0 ? [`${name} core: no test passed`] : []),
      ...wanting(`${name} core`, core),
      ...wanting(`${name} extended`, extended),
    ]),
  ];
}

function passedIn({ core, extended }: ProfileReport): number {
  return core.statistics.Passed + (extended?.statistics.Passed ?? 0);
}

function wanting(part: string, tally: Tally | undefined): readonly string[] {
  if (tally === undefined || tally.result === 'success') return [];
  const tests = [...(tally.failedTests ?? []), ...(tally.skippedTests ?? [])];
  return [`${part}: ${tally.result} (${tests.join(', ')})`];
}

/** What is made of a whole run: compared with the one that is kept, or put in its place, with the page that shows it. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { conformancePage } from './page.ts';
import {
  keptReports,
  nameOf,
  readReport,
  reportFolder,
  sameFindings,
  shortcomings,
  testsNameOf,
} from './report.ts';
import type { KeptReport } from './report.ts';
import { unclaimed } from './suite-run.ts';
import type { SuiteResult } from './suite-run.ts';

/** Whether a run that passed left nothing out, and (unless it is to be written) tells what the one that is kept tells. */
export async function judge(file: string, result: SuiteResult, write: boolean): Promise<boolean> {
  const text = await readFile(file, 'utf8');
  const report = readReport(text);
  const passed = result.results.filter((one) => one.passed);
  const found = { name: nameOf(report), report, tests: passed.map(({ name }) => name).sort() };
  const wrong = [...shortcomings(found), ...unclaimed(result)];
  for (const one of wrong) console.error(`conformance: ${one}`);
  if (wrong.length > 0) return false;
  const kept = (await keptReports()).find((one) => one.report.gatewayAPIChannel === report.gatewayAPIChannel);
  if (write) {
    if (kept !== undefined) await remove(kept);
    await keep(found, text);
    return true;
  }
  if (kept !== undefined && sameFindings(found, kept)) return true;
  const other = kept === undefined ? 'there is none of its channel' : `it is another than ${kept.name}`;
  console.error(
    `conformance: the report is not in docs/conformance (${other}): run with --write and read it`,
  );
  console.error(text);
  return false;
}

async function remove({ name }: KeptReport): Promise<void> {
  await rm(path.join(reportFolder, name));
  await rm(path.join(reportFolder, testsNameOf(name)), { force: true });
}

async function keep({ name, tests }: KeptReport, text: string): Promise<void> {
  await mkdir(reportFolder, { recursive: true });
  await writeFile(path.join(reportFolder, name), text);
  await writeFile(path.join(reportFolder, testsNameOf(name)), `${tests.join('\n')}\n`);
  await writeFile(`${reportFolder}.md`, conformancePage(await keptReports()));
}

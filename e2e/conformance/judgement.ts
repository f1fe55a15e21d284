/** What is made of a report: compared with the one that is kept, or put in its place, with the page that shows it. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { conformancePage } from './page.ts';
import { keptReports, nameOf, readReport, reportFolder, sameFindings, shortcomings } from './report.ts';

/** Whether the report in `file` is good, and (unless it is to be written) tells what the one that is kept tells. */
export async function judge(file: string, write: boolean): Promise<boolean> {
  const text = await readFile(file, 'utf8');
  const report = readReport(text);
  const wrong = shortcomings(report);
  for (const one of wrong) console.error(`conformance: ${one}`);
  if (wrong.length > 0) return false;
  const kept = (await keptReports()).find((one) => one.report.gatewayAPIChannel === report.gatewayAPIChannel);
  if (write) {
    if (kept !== undefined) await rm(path.join(reportFolder, kept.name));
    await mkdir(reportFolder, { recursive: true });
    await writeFile(path.join(reportFolder, nameOf(report)), text);
    await writeFile(`${reportFolder}.md`, conformancePage(await keptReports()));
    return true;
  }
  if (kept !== undefined && sameFindings(report, kept.report)) return true;
  const other = kept === undefined ? 'there is none of its channel' : `it is another than ${kept.name}`;
  console.error(
    `conformance: the report is not in docs/conformance (${other}): run with --write and read it`,
  );
  console.error(text);
  return false;
}

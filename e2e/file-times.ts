// A reporter of `node --test` for `.ci/run`: how long each test file took, a line each, in the file TURNPIKE_FILE_TIMES.
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import type { EventData } from 'node:test';

type TestEvent = { readonly type: string; readonly data: object };

const root = path.join(import.meta.dirname, '..');

// A reporter is a file's default export.
// oxlint-disable-next-line import/no-default-export
export default async function* fileTimes(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const into = process.env['TURNPIKE_FILE_TIMES'];
  for await (const { type, data } of events) {
    const { file, duration_ms: ms } = data as Partial<EventData.TestSummary>;
    // The last one is of all files.
    if (type !== 'test:summary' || file === undefined || into === undefined) continue;
    appendFileSync(into, `${((ms ?? 0) / 1000).toFixed(1)} ${path.relative(root, file)}\n`);
  }
  yield '';
}

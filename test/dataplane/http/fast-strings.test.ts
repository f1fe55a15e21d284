import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Whether V8 has String.prototype in its fast form, before and after, in a process of its own. */
async function fastForms(before: string): Promise<{ before: boolean; after: boolean }> {
  const file = new URL('../../../dataplane/http/fast-strings.ts', import.meta.url);
  const program = `
    import { restoreStringMethods } from ${JSON.stringify(file.href)};
    ${before}
    const before = %HasFastProperties(String.prototype);
    restoreStringMethods();
    console.log(JSON.stringify({ before, after: %HasFastProperties(String.prototype) }));`;
  const { stdout } = await run(process.execPath, [
    '--allow-natives-syntax',
    '--input-type=module',
    '--eval',
    program,
  ]);
  return JSON.parse(stdout);
}

describe('methods of strings', () => {
  it('are slow where a class extends String, and fast again when that is mended', async () => {
    assert.deepEqual(await fastForms('class Text extends String {}'), { before: false, after: true });
  });

  it('stay fast where nothing has made them slow', async () => {
    assert.deepEqual(await fastForms(''), { before: true, after: true });
  });
});

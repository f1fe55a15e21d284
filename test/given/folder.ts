import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A folder of the test's own. */
export interface GivenFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes files, making the folders they are in. */
  save(files: Readonly<Record<string, string>>): Promise<void>;
}

export async function givenFolder(files: Readonly<Record<string, string>> = {}): Promise<GivenFolder> {
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-test-'));
  const save = async (changed: Readonly<Record<string, string>>): Promise<void> => {
    for (const [name, text] of Object.entries(changed)) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), text);
    }
  };
  await save(files);
  return {
    path: folder,
    save,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

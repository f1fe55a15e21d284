import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { cached } from '../cluster/cache-folder.ts';
import { writeScratchImage } from '../cluster/scratch-image.ts';

/** The suite names the same backend by two versions; of the second only the first can be had as source. */
const names = ['v0.1.0', 'v0.2.0'].map((tag) => `registry.k8s.io/gateway-api/conformance/echo-basic:${tag}`);

/** Archives of the suite's backend by the names of its manifests, made from the compiled program. */
export async function echoArchives(program: string): Promise<readonly string[]> {
  const digest = createHash('sha256')
    .update(await readFile(program))
    .digest('hex')
    .slice(0, 12);
  const folder = await cached(`image-conformance-echo-${digest}`, async (draft) => {
    for (const [at, name] of names.entries())
      await writeScratchImage(path.join(draft, `${at}.tar`), { name, program, user: '65532:65532' });
  });
  return names.map((_, at) => path.join(folder, `${at}.tar`));
}

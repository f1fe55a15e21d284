import path from 'node:path';
import { cached } from '../cluster/cache-folder.ts';
import { writeScratchImage } from '../cluster/scratch-image.ts';
import { extAuthzProgram } from './programs.ts';

/** The archive of an image of the external authorization server, which takes the address it listens on as its argument. */
export async function extAuthzArchive(): Promise<string> {
  const program = await extAuthzProgram();
  const digest = path.basename(path.dirname(program)).split('-').at(-1) ?? '';
  const folder = await cached(`image-ext-authz-${digest}`, (draft) =>
    writeScratchImage(path.join(draft, 'image.tar'), {
      name: `turnpike.dev/e2e/ext-authz:${digest}`,
      program,
      user: '65532:65532',
    }),
  );
  return path.join(folder, 'image.tar');
}

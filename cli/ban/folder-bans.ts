// Bans in a folder, each that is written in a file of its own.
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { decodeManifest } from '#crds/kind.ts';
import { yamlOf } from '../key/create.ts';
import { manifestDocuments, textOf, type ManifestFile } from '../key/key-files.ts';
import type { BanPlace } from './ban-place.ts';

/** The Bans of a namespace below `folder`. */
export function folderBans(folder: string, namespace: string): BanPlace {
  if (!existsSync(folder)) throw new TypeError(`there is no folder ${folder}`);
  const isA = (document: ManifestFile['documents'][number], kind: 'Ban' | 'Gateway'): boolean =>
    document.getIn(['kind']) === kind &&
    (document.getIn(['metadata', 'namespace']) ?? 'default') === namespace;
  const remove = async (name: string): Promise<void> => {
    for (const { file, documents } of await manifestDocuments([folder])) {
      const kept = documents.filter((one) => !isA(one, 'Ban') || one.getIn(['metadata', 'name']) !== name);
      if (kept.length === documents.length) continue;
      if (kept.length === 0) await rm(file);
      else await writeFile(file, textOf(kept));
    }
  };
  return {
    namespace,
    remove,
    async list() {
      const files = await manifestDocuments([folder]);
      return files
        .flatMap(({ documents }) => documents)
        .filter((one) => isA(one, 'Ban'))
        .flatMap((one) => {
          const decoded = decodeManifest('Ban', one.toJS());
          return decoded.ok ? [decoded.object] : [];
        });
    },
    async put(manifest) {
      await remove(manifest.metadata.name);
      await writeFile(path.join(folder, `${manifest.metadata.name}.yaml`), yamlOf(manifest));
    },
    // what runs over the folder tells it itself: turnpike up --admin-address
    madeByRules: () => Promise.resolve({ bans: [], problems: [] }),
    async hasGateway() {
      const files = await manifestDocuments([folder]);
      return files.some(({ documents }) => documents.some((one) => isA(one, 'Gateway')));
    },
    close: () => Promise.resolve(),
  };
}

// What etcd holds once the Gateway API's kinds and ours are defined. An API server takes seconds to take up so many
// definitions one by one, and a moment when it finds them: tests that are not about that begin with these.
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { binaries } from '../cluster/binaries.ts';
import { cached } from '../cluster/cache-folder.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { gatewayApiCrds, installGatewayApi } from '../cluster/gateway-api-crds.ts';

const ours = path.join(import.meta.dirname, '../../crds/manifests');

/** The folder for `startControlPlane`'s `store`; made by a control plane of its own where the cache has none. */
export async function storedKinds(): Promise<string> {
  return cached(`kinds-${await digest()}`, async (draft) => {
    const controlPlane = await startControlPlane();
    try {
      await controlPlane.kubectl(['apply', '--server-side', `--filename=${ours}`]);
      await installGatewayApi(controlPlane, 'experimental');
    } finally {
      await controlPlane.stop({ store: draft });
    }
  });
}

/** Of all definitions, and of the programs that store them. */
async function digest(): Promise<string> {
  const programs = await binaries();
  const hash = createHash('sha256').update(`${programs.etcd}\n${programs['kube-apiserver']}\n`);
  for (const folder of [ours, await gatewayApiCrds('experimental')]) {
    const names = await readdir(folder);
    for (const name of names.toSorted()) hash.update(await readFile(path.join(folder, name)));
  }
  return hash.digest('hex').slice(0, 12);
}

// docs/guides/api-server.md, command by command.
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { binaries } from '../cluster/binaries.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { installGatewayApi } from '../cluster/gateway-api-crds.ts';
import { helm } from '../cluster/helm.ts';
import { followGuide } from '../turnpike/guide.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';

describe('the guide to an API server', () => {
  let cluster: ControlPlane;

  before(async () => {
    cluster = await startControlPlane();
    await installGatewayApi(cluster, 'standard');
  });
  after(async () => {
    await cluster?.stop();
  });

  it('can be followed word by word', async (test) => {
    const { kubectl } = await binaries();
    const steps = await followGuide('api-server.md', {
      env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
      programs: [path.dirname(kubectl), path.dirname(await helm())],
      pods: 'None',
      prelude: `trap '[ $? = 0 ] || { tail -n 20 "$DIR"/*.log >&2; kill $(jobs -p); }' EXIT`,
    });
    test.diagnostic(`${steps} steps`);
  });
});

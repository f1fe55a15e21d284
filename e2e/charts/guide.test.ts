// docs/guides/install.md, command by command, against an API server without nodes.
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { binaries } from '../cluster/binaries.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { installGatewayApi } from '../cluster/gateway-api-crds.ts';
import { helm } from '../cluster/helm.ts';
import { followGuide } from '../turnpike/guide.ts';
import { HelmCommand } from './helm-command.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';

describe('the guide to the installation', () => {
  let cluster: ControlPlane;
  let command: HelmCommand;

  before(async () => {
    cluster = await startControlPlane();
    command = await HelmCommand.prepare(cluster.kubeconfig);
    await installGatewayApi(cluster, 'standard');
  });
  after(async () => {
    await command?.remove();
    await cluster?.stop();
  });

  it('can be followed word by word', async (test) => {
    const { kubectl } = await binaries();
    // The page writes a file beside the chart.
    const folder = path.join(cluster.folder, 'checkout');
    await mkdir(folder);
    await symlink(path.join(import.meta.dirname, '../../charts'), path.join(folder, 'charts'));
    const steps = await followGuide('install.md', {
      env: command.env,
      programs: [path.dirname(kubectl), path.dirname(await helm())],
      pods: 'None',
      deadlineMs: 120_000,
      folder,
    });
    test.diagnostic(`${steps} steps`);
  });
});

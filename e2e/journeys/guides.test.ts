// docs/guides/cluster.md and operating.md, command by command, on a cluster that has no Turnpike yet: the installation
// that the other journeys share is removed before.
import { mkdir, mkdtemp, readFile, rm, symlink, cp, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import type { TestContext } from 'node:test';
import { followGuide } from '../turnpike/guide.ts';
import { helm, imageValues } from './helm.ts';
import { Journey } from './journey.ts';

const root = path.join(import.meta.dirname, '../..');
const quickstart = 'examples/quickstart';

describe('the guides to a cluster', () => {
  let journey: Journey;
  /** Stands for the checkout. */
  let folder: string;

  before(async () => {
    journey = await Journey.begin('guides');
    folder = await mkdtemp(path.join(os.tmpdir(), 'turnpike-guides-'));
    await writeFile(path.join(folder, 'values.yaml'), JSON.stringify(imageValues(journey.site.images)));
    await symlink(path.join(root, 'charts'), path.join(folder, 'charts'));
    await copyQuickstart();
    await removeInstallation();
  });
  afterEach((test) => journey.tellFailure(test as TestContext));
  after(async () => {
    if (folder !== undefined) {
      await journey.kubectl('delete', `--kustomize=${path.join(folder, quickstart)}`, '--ignore-not-found');
      await rm(folder, { recursive: true });
    }
    if (journey === undefined) return;
    await removeInstallation();
    await journey.end();
  });

  /** The quickstart as it is, but for its image: the nodes of the harness can pull none. */
  async function copyQuickstart(): Promise<void> {
    await mkdir(path.join(folder, 'examples'));
    await cp(path.join(root, quickstart), path.join(folder, quickstart), { recursive: true });
    const file = path.join(folder, quickstart, 'kustomization.yaml');
    const { echo } = journey.site.images;
    const at = echo.lastIndexOf(':');
    const image = { name: 'node', newName: echo.slice(0, at), newTag: echo.slice(at + 1) };
    const kustomization = await readFile(file, 'utf8');
    await writeFile(file, `${kustomization}images: ${JSON.stringify([image])}\n`);
  }

  async function removeInstallation(): Promise<void> {
    const { namespace, release } = journey.site;
    await helm(journey.site, 'uninstall', release, '--ignore-not-found', '--wait', '--timeout=120s');
    await journey.kubectl('delete', 'namespace', namespace, '--ignore-not-found', '--timeout=90s');
  }

  function follow(name: string, prelude: string): Promise<number> {
    const { cluster } = journey.site;
    // The runner has put this process where the cluster's addresses are reached.
    return followGuide(name, {
      env: cluster.env,
      programs: Object.values(cluster.programs).map((program) => path.dirname(program)),
      pods: 'Run',
      prelude,
      folder,
      deadlineMs: 600_000,
    });
  }

  it('lead from nothing to a route, a token and a limit', async (test) => {
    test.diagnostic(`${await follow('cluster.md', '')} steps`);
  });

  it('tell how to operate what is there then', async (test) => {
    const again = [
      'kubectl wait deployment/edge-turnpike --for delete --timeout 1m',
      `kubectl apply --kustomize ${quickstart}`,
      'kubectl wait gateway/edge --for condition=Programmed --timeout 2m',
      'kubectl rollout status deployment/edge-turnpike --timeout 2m',
      'kubectl wait authpolicy/orders --for condition=Programmed --timeout 2m',
    ];
    test.diagnostic(`${await follow('operating.md', again.join('\n'))} steps`);
  });
});

// docs/guides/api-server.md, command by command: what it tells to type is typed, what it shows must be shown.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { binaries } from '../cluster/binaries.ts';
import { outputOf } from '../cluster/command.ts';
import { startControlPlane } from '../cluster/control-plane.ts';
import { installGatewayApi } from '../cluster/gateway-api-crds.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';

const root = path.join(import.meta.dirname, '../..');

/** What to type, and the lines that must be among what is shown then (spaces count as one). */
interface Step {
  readonly commands: string;
  readonly shown: readonly string[];
}

function stepsOf(page: string): readonly Step[] {
  const blocks = [...page.matchAll(/^```(sh|text)\n(.*?)^```$/gms)];
  return blocks.flatMap(([, kind, commands = ''], index) => {
    const next = blocks[index + 1];
    const shown = next?.[1] === 'text' ? (next[2] ?? '') : '';
    return kind === 'sh' ? [{ commands, shown: shown.split('\n').filter((line) => line !== '') }] : [];
  });
}

function plain(text: string): string {
  return text.replaceAll(/ +/g, ' ');
}

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
    const steps = stepsOf(await readFile(path.join(root, 'docs/guides/api-server.md'), 'utf8'));
    assert.ok(steps.length > 5);
    const mark = '=== the next step of the guide';
    const showLogs = `trap '[ $? = 0 ] || { tail -n 20 "$DIR"/*.log >&2; kill $(jobs -p); }' EXIT`;
    const script = ['set -eu', showLogs, ...steps.map(({ commands }) => `echo '${mark}'\n${commands}`)];
    const { kubectl } = await binaries();
    const output = await outputOf('sh', ['-c', script.join('\n')], {
      cwd: root,
      env: {
        ...process.env,
        KUBECONFIG: cluster.kubeconfig,
        PATH: `${path.dirname(kubectl)}:${process.env['PATH'] ?? ''}`,
      },
    });
    const shown = output.split(`${mark}\n`).slice(1);
    for (const [index, step] of steps.entries()) {
      for (const line of step.shown) {
        assert.ok(
          plain(shown[index] ?? '').includes(plain(line)),
          `not shown: ${line}\nbut: ${shown[index]}`,
        );
      }
    }
    test.diagnostic(`${steps.length} steps`);
  });
});

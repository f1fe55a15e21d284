import path from 'node:path';
import { outputOf } from '../cluster/command.ts';
import { helm } from '../cluster/helm.ts';

const chart = path.join(import.meta.dirname, '../../charts/turnpike');

/**
 * The controller's namespace, its ServiceAccount and what that may do, as YAML: those of the chart (its rights.yaml), so
 * a test that runs with them fails when a right is missing there.
 */
export async function controllerRights(): Promise<string> {
  const only = ['serviceaccount', 'rbac'].map((name) => `--show-only=templates/${name}.yaml`);
  const rendered = await outputOf(await helm(), [
    'template',
    'turnpike',
    chart,
    '--namespace=turnpike-system',
    ...only,
  ]);
  return `apiVersion: v1\nkind: Namespace\nmetadata: { name: turnpike-system }\n${rendered}`;
}

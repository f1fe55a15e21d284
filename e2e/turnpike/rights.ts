import path from 'node:path';
import { outputOf } from '../cluster/command.ts';
import { helm } from '../cluster/helm.ts';

const chart = path.join(import.meta.dirname, '../../charts/turnpike');

/**
 * The controller's namespace, its ServiceAccount and what that may do, as YAML: those of the chart (its rights.yaml), so
 * a test that runs with them fails when a right is missing there. With namespaces: what it may do in these only, which
 * are made too.
 */
export async function controllerRights(watchNamespaces: readonly string[] = []): Promise<string> {
  const only = ['serviceaccount', 'rbac'].map((name) => `--show-only=templates/${name}.yaml`);
  const rendered = await outputOf(await helm(), [
    'template',
    'turnpike',
    chart,
    '--namespace=turnpike-system',
    ...(watchNamespaces.length === 0 ? [] : [`--set=watchNamespaces={${watchNamespaces.join(',')}}`]),
    ...only,
  ]);
  const namespaces = ['turnpike-system', ...watchNamespaces].map(
    (name) => `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${name} }\n`,
  );
  return `${namespaces.join('---\n')}${rendered}`;
}

import { writeFile } from 'node:fs/promises';
import { ClusterError } from '../cluster/cluster-error.ts';
import type { ControlPlane } from '../cluster/control-plane.ts';

export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

/** What tokens are made for that data planes and controllers show to controllers. */
export const turnpikeAudience = 'turnpike.dev';

/** A token by TokenRequest, as the kubelet gets one for a pod; good for an hour. */
export async function tokenOf(
  cluster: ControlPlane,
  { namespace, name }: ServiceAccount,
  audience: string | null,
): Promise<string> {
  const response = await cluster.fetch(`/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3600, ...(audience === null ? {} : { audiences: [audience] }) },
    }),
  });
  const answer = (await response.json()) as { status?: { token?: string } };
  const token = answer.status?.token;
  if (token === undefined) throw new ClusterError('command', `no token: ${JSON.stringify(answer)}`);
  return token;
}

/** Writes a kubeconfig that acts as the ServiceAccount, readable by its owner only. */
export async function writeAccountKubeconfig(
  cluster: ControlPlane,
  account: ServiceAccount,
  file: string,
): Promise<void> {
  const token = await tokenOf(cluster, account, null);
  const authority = Buffer.from(cluster.admin.authority).toString('base64');
  const { namespace, name } = account;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server: cluster.url, 'certificate-authority-data': authority } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
  };
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
}

/** What the servers of a cluster are started with. */
import path from 'node:path';
import { addresses } from './addresses.ts';
import type { DaemonCommand } from './daemon.ts';
import type { ClusterPrograms } from './node-programs.ts';
import type { Site } from './site.ts';
import { configFile, keyFile, kubeconfigOf, nodeName } from './site-files.ts';

export const serverNames = [
  'etcd',
  'kube-apiserver',
  'containerd',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'load-balancer',
] as const;

/** One of the servers that make up a cluster. Their order is the one to start them in. */
export type ServerName = (typeof serverNames)[number];

/** The issuer of ServiceAccount tokens, and their audience when none is asked for. */
const issuer = 'https://kubernetes.default.svc.cluster.local';

// One of each runs, and an API server that is away for long must not end them.
const alone = ['--leader-elect=false', '--kube-api-qps=200', '--kube-api-burst=400'];

/** The commands of all servers. Ports are those of every cluster, as the network is the cluster's own. */
export function serverCommands(
  site: Site,
  programs: ClusterPrograms,
): Readonly<Record<ServerName, DaemonCommand>> {
  const args: Readonly<Record<ServerName, readonly string[]>> = {
    etcd: etcdArgs(site),
    'kube-apiserver': apiServerArgs(site),
    containerd: ['--config', configFile(site, 'containerd.toml'), '--log-level', 'warn'],
    'kube-controller-manager': controllerManagerArgs(site),
    'kube-scheduler': [...kubeconfigArgs(site, 'kube-scheduler'), ...alone, '--bind-address=127.0.0.1'],
    kubelet: kubeletArgs(site),
    'kube-proxy': ['--config', configFile(site, 'kube-proxy.yaml')],
    'load-balancer': [
      '--disable-warning=ExperimentalWarning',
      path.join(import.meta.dirname, 'load-balancer.ts'),
      kubeconfigOf(site, 'load-balancer'),
    ],
  };
  const places = { ...programs, containerd: 'containerd', 'load-balancer': process.execPath };
  const commands = serverNames.map((name) => [name, { name, program: places[name], args: args[name] }]);
  return Object.fromEntries(commands) as Record<ServerName, DaemonCommand>;
}

function etcdArgs(site: Site): readonly string[] {
  return [
    '--name=e2e',
    `--data-dir=${path.join(site.folder, 'etcd')}`,
    '--listen-client-urls=http://127.0.0.1:2379',
    '--advertise-client-urls=http://127.0.0.1:2379',
    '--listen-peer-urls=http://127.0.0.1:2380',
    '--initial-advertise-peer-urls=http://127.0.0.1:2380',
    '--initial-cluster=e2e=http://127.0.0.1:2380',
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

function apiServerArgs(site: Site): readonly string[] {
  return [
    '--etcd-servers=http://127.0.0.1:2379',
    `--bind-address=${addresses.node}`,
    `--advertise-address=${addresses.node}`,
    '--secure-port=6443',
    `--tls-cert-file=${keyFile(site, 'kube-apiserver.crt')}`,
    `--tls-private-key-file=${keyFile(site, 'kube-apiserver.key')}`,
    `--client-ca-file=${keyFile(site, 'authority.crt')}`,
    `--kubelet-client-certificate=${keyFile(site, 'admin.crt')}`,
    `--kubelet-client-key=${keyFile(site, 'admin.key')}`,
    // Its name is in no DNS, so logs and exec go to the node's address.
    '--kubelet-preferred-address-types=InternalIP',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    `--service-account-issuer=${issuer}`,
    `--service-account-key-file=${keyFile(site, 'service-accounts.pub')}`,
    `--service-account-signing-key-file=${keyFile(site, 'service-accounts.key')}`,
    `--api-audiences=${issuer}`,
    `--service-cluster-ip-range=${addresses.services}`,
    '--allow-privileged=true',
    // Beta in 1.34, and off: the Gateway API may name such bundles as certificate authorities.
    '--feature-gates=ClusterTrustBundle=true',
    '--runtime-config=certificates.k8s.io/v1beta1/clustertrustbundles=true',
  ];
}

function controllerManagerArgs(site: Site): readonly string[] {
  return [
    ...kubeconfigArgs(site, 'kube-controller-manager'),
    ...alone,
    '--bind-address=127.0.0.1',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${keyFile(site, 'service-accounts.key')}`,
    `--root-ca-file=${keyFile(site, 'authority.crt')}`,
  ];
}

function kubeletArgs(site: Site): readonly string[] {
  return [
    `--config=${configFile(site, 'kubelet.yaml')}`,
    `--kubeconfig=${kubeconfigOf(site, 'kubelet')}`,
    `--root-dir=${site.kubeletRoot}`,
    `--cert-dir=${path.join(site.kubeletRoot, 'pki')}`,
    `--hostname-override=${nodeName}`,
    `--node-ip=${addresses.node}`,
  ];
}

function kubeconfigArgs(site: Site, server: 'kube-controller-manager' | 'kube-scheduler'): readonly string[] {
  const file = kubeconfigOf(site, server);
  return [
    `--kubeconfig=${file}`,
    `--authentication-kubeconfig=${file}`,
    `--authorization-kubeconfig=${file}`,
  ];
}

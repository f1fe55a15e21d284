/** What a cluster's servers read: keys, kubeconfigs, configuration. Written once, when the cluster is made. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { addresses, apiServerUrl } from './addresses.ts';
import { createCredentialsFor } from './credentials.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import type { Site } from './site.ts';

export const nodeName = 'node';
export const pauseImage = 'turnpike.dev/e2e/pause:1';
export const cniPlugins = '/usr/lib/cni';

const clients = {
  'kube-controller-manager': '/CN=system:kube-controller-manager',
  'kube-scheduler': '/CN=system:kube-scheduler',
  'kube-proxy': '/CN=system:kube-proxy',
  'load-balancer': '/O=system:masters/CN=turnpike-e2e-load-balancer',
  kubelet: `/O=system:nodes/CN=system:node:${nodeName}`,
} as const;

/** The kubeconfig by which one of the cluster's own servers reaches the API server. */
export function kubeconfigOf(site: Site, client: keyof typeof clients): string {
  return path.join(site.folder, 'config', `${client}.kubeconfig`);
}

export function keyFile(site: Site, name: string): string {
  return path.join(site.folder, 'keys', name);
}

export function configFile(site: Site, name: string): string {
  return path.join(site.folder, 'config', name);
}

/** Writes them all into the cluster's folder. */
export async function writeSiteFiles(site: Site): Promise<void> {
  await mkdir(configFile(site, 'cni'), { recursive: true });
  await Promise.all([
    writeKeys(site),
    writeFile(configFile(site, 'containerd.toml'), containerdConfig(site)),
    writeFile(configFile(site, 'cni/10-turnpike.conflist'), JSON.stringify(cniConfig(site))),
    writeFile(configFile(site, 'kubelet.yaml'), JSON.stringify(kubeletConfig(site))),
    writeFile(configFile(site, 'kube-proxy.yaml'), JSON.stringify(kubeProxyConfig(site))),
    // CoreDNS asks nobody else, and no pod may ask the machine's name servers.
    writeFile(configFile(site, 'resolv.conf'), `nameserver ${addresses.dnsService}\n`),
  ]);
}

async function writeKeys(site: Site): Promise<void> {
  const made = await createCredentialsFor(path.join(site.folder, 'keys'), {
    serverAddresses: [addresses.node, '127.0.0.1', addresses.kubernetesService],
    days: 365,
    clients,
  });
  await writeKubeconfig(site.kubeconfig, apiServerUrl, made.credentials.admin);
  for (const [name, shown] of Object.entries(made.clients)) {
    await writeKubeconfig(configFile(site, `${name}.kubeconfig`), apiServerUrl, shown);
  }
}

function containerdConfig(site: Site): string {
  const { root, state, socket } = site.containerd;
  const cri = '[plugins."io.containerd.grpc.v1.cri"';
  // A process without CAP_SYS_RESOURCE may not lower an OOM score: containers could not be started without the restriction.
  return `version = 2
root = "${root}"
state = "${state}"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = "${socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${path.join(root, 'opt')}"
${cri}]
  sandbox_image = "${pauseImage}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  ${cri}.containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    ${cri}.containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      ${cri}.containerd.runtimes.runc.options]
        SystemdCgroup = false
        Root = "${path.join(site.runFolder, 'runc')}"
  ${cri}.cni]
    bin_dir = "${cniPlugins}"
    conf_dir = "${configFile(site, 'cni')}"
`;
}

/** The name of the pods' network, which is part of the names of files that CNI keeps for all networks of a machine. */
export function podNetworkName(site: Site): string {
  return `turnpike-e2e-${site.name}`;
}

function cniConfig(site: Site): object {
  const bridge = {
    type: 'bridge',
    bridge: 'cni0',
    isGateway: true,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      dataDir: path.join(site.runFolder, 'pod-addresses'),
      ranges: [[{ subnet: addresses.pods }]],
      routes: [{ dst: '0.0.0.0/0' }],
    },
  };
  const portmap = { type: 'portmap', capabilities: { portMappings: true } };
  return { cniVersion: '0.4.0', name: podNetworkName(site), plugins: [bridge, portmap] };
}

function kubeletConfig(site: Site): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: addresses.node,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: keyFile(site, 'authority.crt') },
    },
    authorization: { mode: 'Webhook' },
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${site.controlGroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [addresses.dnsService],
    clusterDomain: 'cluster.local',
    containerRuntimeEndpoint: `unix://${site.containerd.socket}`,
    podLogsDir: site.podLogs,
    volumePluginDir: path.join(site.folder, 'volume-plugins'),
    resolvConf: configFile(site, 'resolv.conf'),
    makeIPTablesUtilChains: false,
    maxPods: 250,
    serializeImagePulls: false,
    kubeAPIQPS: 100,
    kubeAPIBurst: 200,
    // A small machine, or a disk that is nearly full, must not evict what is tested.
    imageGCHighThresholdPercent: 100,
    evictionHard: {
      'memory.available': '50Mi',
      'nodefs.available': '1%',
      'imagefs.available': '1%',
      'nodefs.inodesFree': '1%',
    },
  };
}

function kubeProxyConfig(site: Site): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: kubeconfigOf(site, 'kube-proxy') },
    mode: 'nftables',
    bindAddress: addresses.node,
    healthzBindAddress: `${addresses.node}:10256`,
    metricsBindAddress: '127.0.0.1:10249',
    hostnameOverride: nodeName,
    clusterCIDR: addresses.pods,
    // How soon it follows the endpoints is left as it is everywhere: at most once a second.
    // The limits of connection tracking are the machine's, not this namespace's.
    conntrack: { maxPerCore: 0 },
  };
}

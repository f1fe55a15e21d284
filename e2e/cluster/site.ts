import path from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { ClusterError } from './cluster-error.ts';

/** Where everything of one cluster is, named for the cluster so that several stand side by side. */
export type Site = {
  readonly name: string;
  /** What is kept while the cluster stands: keys, etcd's data, containerd's and the kubelet's root, logs. */
  readonly folder: string;
  /** What does not outlive the machine: sockets, containerd's state, who runs. Short, as sockets have short paths. */
  readonly runFolder: string;
  /** The file by which the cluster's network namespace is entered. */
  readonly network: string;
  /** The path of its control group below the root of each hierarchy; all its processes and pods are in it. */
  readonly controlGroup: string;
  readonly kubeconfig: string;
  readonly containerd: { readonly root: string; readonly state: string; readonly socket: string };
  readonly kubeletRoot: string;
  readonly podLogs: string;
};

/** The variable that tells tests, and whoever starts them, which cluster is meant. */
export const nameVariable = 'TURNPIKE_E2E_CLUSTER';

/** The name of the cluster that is meant when none is given. */
export function defaultName(): string {
  return process.env[nameVariable] || 'turnpike';
}

/** Where what does not outlive the machine is kept, a folder for each cluster. */
export const runRoot = '/run/turnpike-e2e';

/** The site of a cluster that is there or not. Names are lower-case letters, digits and dashes, at most 24. */
export function siteOf(name: string): Site {
  if (!/^[a-z][a-z0-9-]{0,23}$/.test(name)) {
    const rule = 'begins with a letter and has at most 24 of a-z, 0-9 and "-"';
    throw new ClusterError('command', `"${name}" is no name for a cluster: a name ${rule}`);
  }
  const folder = path.join(cacheFolder(), 'clusters', name);
  const runFolder = path.join(runRoot, name);
  const state = path.join(runFolder, 'containerd');
  return Object.freeze({
    name,
    folder,
    runFolder,
    network: path.join('/run/netns', name),
    controlGroup: `turnpike-${name}`,
    kubeconfig: path.join(folder, 'kubeconfig'),
    containerd: {
      root: path.join(folder, 'containerd'),
      state,
      socket: path.join(runFolder, 'containerd.sock'),
    },
    kubeletRoot: path.join(folder, 'kubelet'),
    podLogs: path.join(folder, 'pods'),
  });
}

/** The words that run the command after them in the cluster's network. Root's alone. */
export function inNetwork(site: Pick<Site, 'network'>): readonly [string, ...string[]] {
  // Never `ip netns exec`: it mounts /sys anew, and the kubelet finds no control groups there.
  return ['nsenter', `--net=${site.network}`, '--'];
}

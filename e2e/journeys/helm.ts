// The installation that journeys share, as a platform team changes it: by helm.
import path from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';
import type { PlaneImages } from './site.ts';

const chart = path.join(import.meta.dirname, '../../charts/turnpike');

/** Whole values, as they are in a file for `helm --values`. */
export type Values = Readonly<Record<string, unknown>>;

export interface Release {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly release: string;
}

/** helm as administrator, in the installation's namespace. */
export function helm({ cluster, namespace }: Release, ...args: readonly string[]): Promise<string> {
  return cluster.helm([...args, `--namespace=${namespace}`], { deadlineMs: 180_000 });
}

/** `helm upgrade --install`; resolves when the controllers are ready. */
export async function upgrade(release: Release, values: Values): Promise<string> {
  const command = ['upgrade', release.release, chart, '--install', '--create-namespace', '--wait'];
  const input = JSON.stringify(values);
  const where = ['--timeout=120s', `--namespace=${release.namespace}`, '--values=-'];
  return release.cluster.helm([...command, ...where], { deadlineMs: 180_000, input });
}

/** The values that run these images. */
export function imageValues({ controller, dataplane }: PlaneImages): Values {
  return { controller: { image: imageOf(controller) }, dataplane: { image: imageOf(dataplane) } };
}

function imageOf(reference: string): Values {
  const at = reference.lastIndexOf(':');
  return { repository: reference.slice(0, at), tag: reference.slice(at + 1) };
}

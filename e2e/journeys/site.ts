// What journeys stand on: a cluster, and one installation in it that they share. The runner has made it and tells each
// test file by the environment.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import type { Client } from '../cluster/client.ts';
import { findCluster } from '../cluster/cluster.ts';
import type { Cluster } from '../cluster/cluster.ts';

export interface PlaneImages {
  readonly controller: string;
  readonly dataplane: string;
}

export interface Installation {
  readonly namespace: string;
  readonly release: string;
  readonly gatewayClass: string;
  readonly images: PlaneImages & { readonly echo: string; readonly redis: string; readonly extAuthz: string };
  /** Of the next version (next-version.ts). */
  readonly nextImages: PlaneImages;
}

export interface Site extends Installation {
  readonly cluster: Cluster;
  /** Machines with addresses of their own; none in a cluster that is not the harness's. */
  readonly clients: readonly Client[];
}

/** The variable that names the file. */
export const siteVariable = 'TURNPIKE_JOURNEYS';

export function tellSite(file: string, installation: Installation): Promise<void> {
  return writeFile(file, JSON.stringify(installation));
}

/** What the runner has told. */
export async function knownSite(): Promise<Site> {
  const file = process.env[siteVariable];
  assert.ok(file, 'journeys run by `npm run e2e:journeys`, which makes the installation they share');
  const installation = JSON.parse(await readFile(file, 'utf8')) as Installation;
  const cluster = await findCluster();
  const { node } = cluster;
  const clients = node === null ? [] : [await node.client(1), await node.client(2)];
  return { ...installation, cluster, clients };
}

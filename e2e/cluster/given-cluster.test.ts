/** A cluster that a person has, as E2E_KUBECONFIG and E2E_IMAGE_REGISTRY name it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { findCluster, startCluster } from './cluster.ts';
import { ClusterError } from './cluster-error.ts';
import { clusterPrograms } from './node-programs.ts';
import { writeScratchImage } from './scratch-image.ts';

/** As much of a registry as a push needs (OCI Distribution Specification 1.1): blobs and manifests in memory. */
class Registry {
  readonly manifests = new Map<string, unknown>();
  readonly #blobs = new Map<string, Buffer>();

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://registry');
    const body = await buffer(request);
    const [, name = '', kind = '', reference = ''] =
      /^\/v2\/(.+)\/(blobs|manifests)\/(.*)$/.exec(url.pathname) ?? [];
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
    if (request.method === 'POST') {
      response.setHeader('location', `/v2/${name}/blobs/uploads/${this.#blobs.size}`).writeHead(202).end();
    } else if (request.method === 'PATCH') {
      this.#blobs.set(digest, body);
      response
        .setHeader('location', url.pathname)
        .setHeader('range', `0-${body.length}`)
        .writeHead(202)
        .end();
    } else if (request.method === 'PUT') {
      if (kind === 'manifests') this.manifests.set(`${name}:${reference}`, JSON.parse(body.toString()));
      response.setHeader('docker-content-digest', digest).writeHead(201).end();
    } else {
      response.writeHead(url.pathname === '/v2/' || this.#blobs.has(reference) ? 200 : 404).end();
    }
  }
}

describe('a cluster that is given', () => {
  const registry = new Registry();
  const server = createServer((request, response) => void registry.answer(request, response));
  let folder: string;
  let host: string;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'given-'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const settings = path.join(folder, 'registries.conf');
    await writeFile(settings, `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
    process.env['CONTAINERS_REGISTRIES_CONF'] = settings;
    process.env['E2E_KUBECONFIG'] = path.join(folder, 'kubeconfig');
    process.env['E2E_IMAGE_REGISTRY'] = `${host}/me`;
  });

  after(async () => {
    server.close();
    delete process.env['E2E_KUBECONFIG'];
    await rm(folder, { recursive: true });
  });

  it('is never brought up, entered or killed by the harness', async () => {
    const cluster = await startCluster();
    assert.equal(cluster.node, null);
    assert.equal(cluster.kubeconfig, path.join(folder, 'kubeconfig'));
    assert.equal(cluster.env['KUBECONFIG'], cluster.kubeconfig);
    assert.deepEqual(cluster.programs, { kubectl: 'kubectl', helm: 'helm' });
  });

  it('gets images by its registry, under names that pods can be given', async () => {
    const archive = path.join(folder, 'image.tar');
    const { pause: program } = await clusterPrograms();
    await writeScratchImage(archive, { name: 'docker.io/turnpike/pause:7', program, user: '1:1' });
    const cluster = await findCluster();
    assert.deepEqual(await cluster.loadImages([archive]), [`${host}/me/turnpike/pause:7`]);
    assert.deepEqual([...registry.manifests.keys()], ['me/turnpike/pause:7']);
  });

  it('says what is missing when there is no registry', async () => {
    delete process.env['E2E_IMAGE_REGISTRY'];
    const cluster = await findCluster();
    await assert.rejects(cluster.loadImages([path.join(folder, 'image.tar')]), (error) => {
      assert.ok(error instanceof ClusterError);
      assert.match(error.message, /Set E2E_IMAGE_REGISTRY/);
      return true;
    });
  });
});

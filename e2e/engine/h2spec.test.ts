// h2spec's strict cases (RFC 9113, RFC 7541) against a running Turnpike, on a port without TLS and on one with it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { givenBackend } from '#test/given/backend.ts';
import { eventually } from '#test/given/eventually.ts';
import { request } from '#test/given/http-client.ts';
import { edgeManifest, pathRouteManifest, serviceManifest } from '#test/given/manifests.ts';
import { aFreePort, givenStandalone } from '#test/given/standalone.ts';
import { aTlsAuthority } from '#test/given/tls-authority.ts';
import { h2specProgram } from './programs.ts';

/** All cases of this version. */
const casesInAll = 146;

/**
 * Cases that fail and shall fail on a port without TLS. It speaks HTTP/1.1 as well, so octets that are no preface are a
 * malformed request, which is answered by 400 before the connection closes; h2spec wants it closed without a word.
 */
const rulesWithoutTls = ['http2/3.5 Sends invalid connection preface'];

interface Report {
  readonly cases: number;
  /** `package case`, such as `http2/5.1 half closed (remote): Sends a DATA frame`. */
  readonly failed: readonly string[];
}

async function report(flags: readonly string[]): Promise<Report> {
  const program = await h2specProgram();
  const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-h2spec-'));
  const file = path.join(folder, 'report.xml');
  try {
    // It exits with 1 when a case fails: the report tells which.
    await new Promise<void>((resolve) => {
      const words = ['--strict', '--timeout', '3', '--junit-report', file, ...flags];
      execFile(program, words, { timeout: 300_000, maxBuffer: 16_777_216 }, () => resolve());
    });
    const cases = [...(await readFile(file, 'utf8')).matchAll(/<testcase ([^>]*)>([^]*?)<\/testcase>/g)];
    const failed = cases.filter(([, , inside = '']) => /<(?:failure|error)/.test(inside));
    return { cases: cases.length, failed: failed.map(([, attributes = '']) => nameOf(attributes)) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function nameOf(attributes: string): string {
  const [, group = '', name = ''] = /package="([^"]*)" classname="([^"]*)"/.exec(attributes) ?? [];
  return `${group} ${name}`;
}

test('HTTP/2 holds to its RFCs in all strict cases of h2spec', { timeout: 600_000 }, async (context) => {
  const authority = await aTlsAuthority();
  const secure = await aFreePort();
  await using backend = await givenBackend('shop');
  await using given = await givenStandalone(async (port) => ({
    'edge.yaml': `${edgeManifest(port)}
    - { name: secure, protocol: HTTPS, port: ${secure}, tls: { certificateRefs: [{ name: secure }] } }
`,
    'secret.yaml': await authority.secretManifest('secure', 'shop.example.com'),
    'service.yaml': serviceManifest('shop', backend.port),
    'route.yaml': pathRouteManifest('shop', '/', 'shop'),
  }));
  await given.until('/', 200);
  const overTls = { port: secure, host: 'shop.example.com', ca: authority.ca };
  await eventually(async () => assert.equal((await request(overTls)).status, 200));

  await context.test('with TLS', async () => {
    const { cases, failed } = await report(['--port', String(secure), '--tls', '--insecure']);
    assert.deepEqual(failed, []);
    assert.equal(cases, casesInAll);
  });
  await context.test('without TLS', async () => {
    const { cases, failed } = await report(['--port', String(given.port)]);
    assert.deepEqual(failed, rulesWithoutTls);
    assert.equal(cases, casesInAll);
  });
});

// The quickstart as a new user goes through it: start it, paste the lines that it prints, read what comes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cp, readFile, writeFile } from 'node:fs/promises';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { demoLines } from '#cli/up/demo.ts';
import { projectFolder, startCommand, startTurnpike } from '#test/given/command.ts';
import { eventually } from '#test/given/eventually.ts';
import { givenFolder } from '#test/given/folder.ts';
import { edgeManifest } from '#test/given/manifests.ts';
import { aFreePort } from '#test/given/standalone.ts';
import { startHello } from '../../examples/quickstart/demo/hello.ts';
import { startIssuer } from '../../examples/quickstart/demo/issuer.ts';

/** Runs a pasted line as an interactive shell would, and answers what it printed. */
async function paste(line: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', line], { timeout: 20_000 });
  return stdout;
}

/** Runs all lines for the Gateway at `base`, and holds each to what its words promise. */
async function assertDemoLinesHold(base: string): Promise<void> {
  const lines = Object.fromEntries(demoLines(base));
  const answers: Record<string, string> = {};
  for (const [what, line] of Object.entries(lines)) answers[what] = await paste(line);

  assert.match(answers['a route: 200'] ?? '', /^HTTP\/1\.1 200 OK\r\n[^]*"service":"hello-v1"/);
  assert.match(
    answers['no token: 401'] ?? '',
    /^HTTP\/1\.1 401 [^]*\r\nWWW-Authenticate: Bearer realm="[^"]+"\r\n/,
  );
  assert.match(
    answers['with a token: 200, and the backend sees x-user'] ?? '',
    /^HTTP\/1\.1 200 OK\r\n[^]*"user":"ada"/,
  );
  const limited = answers['five a minute, then 429 with Retry-After'] ?? '';
  assert.match(limited, /^200\n200\n200\n200\n200\n429\nHTTP\/1\.1 429 Too Many Requests\r\n/);
  assert.match(limited, /\r\nRetry-After: \d+\r\n/i);
  assert.match(limited, /\r\nRateLimit: /i);
  const split = answers['nine to one'] ?? '';
  assert.match(split, /^ +18 .*"service":"hello-v1".*\n +2 .*"service":"hello-v2"/);
}

test('the lines of the quickstart do what they say', async (t) => {
  await using folder = await givenFolder();
  const ports: Record<string, number> = { 8080: await aFreePort() };
  const servers = [
    ['7101', await startHello('hello-v1', '127.0.0.1', 0)],
    ['7102', await startHello('hello-v2', '127.0.0.1', 0)],
    ['7103', await startIssuer('127.0.0.1', 0)],
  ] as const;
  for (const [port, server] of servers) {
    ports[port] = (server.address() as AddressInfo).port;
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
  }
  for (const part of ['shared', 'standalone']) {
    await cp(path.join(projectFolder, 'examples/quickstart', part), path.join(folder.path, part), {
      recursive: true,
    });
  }
  for (const file of ['shared/gateway.yaml', 'standalone/services.yaml']) {
    const text = await readFile(path.join(folder.path, file), 'utf8');
    await writeFile(
      path.join(folder.path, file),
      text.replaceAll(/port: (\d{4})/g, (_, port: string) => `port: ${ports[port]}`),
    );
  }

  await using running = startTurnpike(['up', '--folder', folder.path]);
  const printed = await running.until('Ctrl-C ends.\n');
  assert.doesNotMatch(printed, /problem|not in force/);
  await assertDemoLinesHold(`http://127.0.0.1:${ports[8080]}`);
});

test('lines to try are held back until the port is open that they call', async () => {
  const port = await aFreePort();
  const occupier = net.createServer().listen(port, '127.0.0.1');
  await once(occupier, 'listening');
  await using folder = await givenFolder({ 'edge.yaml': edgeManifest(port) });
  await using running = startTurnpike(['up', '--demo', '--folder', folder.path]);
  assert.doesNotMatch(await running.until('Ctrl-C ends.\n'), /Try|curl/);
  occupier.close();
  const [, after = ''] = (await running.until('for i in $(seq 20)')).split('Ctrl-C ends.\n');
  const [tell = ''] = demoLines(`http://127.0.0.1:${port}`);
  assert.ok(after.includes(`\nTry, in another terminal:\n\n  # ${tell[0]}\n  ${tell[1]}\n`), after);
});

test('npm start prints no warnings, its lines work, and it ends with npm (unless its ports are taken)', async (t) => {
  const free = await Promise.all([8080, 7101, 7102, 7103].map(isFree));
  if (free.includes(false)) {
    t.diagnostic('ports 8080, 7101, 7102 or 7103 are taken: the test above did the same on others');
    return;
  }
  await using running = startCommand('npm', ['start', '--silent']);
  const printed = await running.until('Ctrl-C ends.\n');
  const base = 'http://127.0.0.1:8080';
  for (const [what, line] of demoLines(base)) assert.ok(printed.includes(`\n  # ${what}\n  ${line}\n`), what);
  await assertDemoLinesHold(base);
  // npm's own words about the user's settings are not ours.
  const warnings = running
    .stderr()
    .split('\n')
    .filter((line) => line !== '' && !line.includes('npm'));
  assert.deepEqual(warnings, []);

  await running.end('SIGTERM');
  await eventually(async () => assert.equal(await isFree(8080), true), 10_000);
});

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

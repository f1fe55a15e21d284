import { healthPage, jsonPage } from '#admin/pages.ts';
import { createAdminServer } from '#admin/server.ts';
import type { AdminServer, Pages } from '#admin/server.ts';
import { Secret } from '#snapshot/secret.ts';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, test } from 'node:test';

let server: AdminServer | null = null;
const errors: string[] = [];

afterEach(async () => {
  await server?.close();
  errors.length = 0;
});

async function given(pages: Pages, pageMs = 5000): Promise<{ base: string; port: number }> {
  server = createAdminServer({
    pages,
    pageMs,
    onError: (path, error) => errors.push(`${path} ${String(error)}`),
  });
  const { port } = await server.listen('127.0.0.1', 0);
  return { base: `http://127.0.0.1:${port}`, port };
}

const ok = healthPage(() => ({ ok: true }));

/** What the server says to bytes as they are. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => {
    answer += data.toString();
  });
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

test('a page is answered by its path, whatever stands behind the question mark', async () => {
  const { base } = await given({ '/livez': ok });
  for (const url of [`${base}/livez`, `${base}/livez?verbose`]) {
    const answer = await fetch(url);
    assert.equal(answer.status, 200);
    assert.equal(await answer.text(), 'ok\n');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  }
  const head = await fetch(`${base}/livez`, { method: 'HEAD' });
  assert.equal(head.headers.get('content-length'), '3');
  assert.equal(await head.text(), '');
});

test('what is not ready says why', async () => {
  let ready = false;
  const { base } = await given({
    '/readyz': healthPage(() => (ready ? { ok: true } : { ok: false, reason: 'no snapshot yet' })),
  });
  const before = await fetch(`${base}/readyz`);
  assert.deepEqual([before.status, await before.text()], [503, 'no snapshot yet\n']);
  ready = true;
  assert.equal((await fetch(`${base}/readyz`)).status, 200);
});

test('any other path is not found, however it is written', async () => {
  const { port } = await given({ '/livez': ok });
  const targets = [
    '/',
    '//livez',
    '/livez/',
    '/x/../livez',
    '/%6civez',
    '/LIVEZ',
    '/__proto__',
    'http://a/livez',
    '*',
  ];
  for (const target of targets) {
    const answer = await raw(port, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 404 /, target);
  }
});

test('other methods are refused', async () => {
  const { base } = await given({ '/livez': ok });
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await fetch(`${base}/livez`, { method });
    assert.equal(answer.status, 405, method);
    assert.equal(answer.headers.get('allow'), 'GET, HEAD');
  }
});

test('a head that is too large is refused', async () => {
  const { port } = await given({ '/livez': ok });
  const answer = await raw(port, `GET /livez HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`);
  assert.match(answer, /^HTTP\/1\.1 431 /);
});

test('a page that fails is answered, told, and breaks nothing', async () => {
  const { base } = await given({
    '/throws': () => {
      throw new Error('at once');
    },
    '/rejects': async () => Promise.reject(new Error('later')),
    '/livez': ok,
  });
  for (const path of ['/throws', '/rejects']) {
    const answer = await fetch(`${base}${path}`);
    assert.equal(answer.status, 500);
    assert.doesNotMatch(await answer.text(), /at once|later/);
  }
  assert.deepEqual(errors, ['/throws Error: at once', '/rejects Error: later']);
  assert.equal((await fetch(`${base}/livez`)).status, 200);
});

test('a page that does not come is given up, and is not made twice at a time', async () => {
  let made = 0;
  const { base } = await given(
    {
      '/slow': () => {
        made += 1;
        return new Promise(() => undefined);
      },
    },
    30,
  );
  const answers = await Promise.all([1, 2, 3].map(() => fetch(`${base}/slow`)));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [503, 503, 503],
  );
  assert.equal(made, 1);
});

test('a dump is JSON, and secrets in it are redacted', async () => {
  const entries = Array.from({ length: 5000 }, (_, at): [string, unknown] => [
    `k${at}`,
    { url: new Secret('redis://:hunter2@db'), text: 'x'.repeat(100) },
  ]);
  const { base } = await given({
    '/config': jsonPage(() => ({ head: { version: 'v1' }, name: 'all', entries })),
  });
  const text = await (await fetch(`${base}/config`)).text();
  assert.doesNotMatch(text, /hunter2/);
  const parsed: unknown = JSON.parse(text);
  const expected = Object.fromEntries(
    entries.map(([key]) => [key, { url: '[redacted]', text: 'x'.repeat(100) }]),
  );
  assert.deepEqual(parsed, { version: 'v1', all: expected });
});

test('a port that is taken rejects', async () => {
  const { port } = await given({ '/livez': ok });
  const second = createAdminServer({ pages: {}, onError: () => undefined });
  await assert.rejects(second.listen('127.0.0.1', port), { code: 'EADDRINUSE' });
});

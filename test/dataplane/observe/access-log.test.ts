import { createAccessLog } from '#dataplane/observe/access-log.ts';
import type { AccessLog } from '#dataplane/observe/access-log.ts';
import { accessLine, Places } from '#dataplane/observe/access-line.ts';
import { eventually } from '#test/given/eventually.ts';
import fc from 'fast-check';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { recordOf } from './given-record.ts';

const time = '2026-11-22T05:50:00.123Z';
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'turnpike-log-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A log into a file; what is in it. */
function givenLog(): { log: AccessLog; read: () => string; end: () => void } {
  const file = path.join(folder, 'access.log');
  const fd = openSync(file, 'a');
  const log = createAccessLog({ fd, wallClock: () => Date.parse(time) + 1.5 });
  return { log, read: () => readFileSync(file, 'utf8'), end: () => closeSync(fd) };
}

test('a request is one line of JSON; what is not known is left out', () => {
  assert.equal(
    accessLine(recordOf(), time, new Places()),
    `{"time":"${time}","client":"192.0.2.1","method":"GET","host":"shop.example.com","path":"/cart","status":200,"protocol":"HTTP/1.1",` +
      '"durationMs":1.235,"bytesIn":0,"bytesOut":120,"port":80,"attempts":1,"listener":"web",' +
      '"route":"HTTPRoute/shop/cart","rule":"0","cluster":"shop/cart:80","endpoint":"10.0.0.7:8080",' +
      '"userAgent":"curl/8.9","requestId":"r-1"}\n',
  );
});

test('where a request went is told of each, however often the same was said before', () => {
  const places = new Places();
  const went = [
    { rule: '0', cluster: 'shop/cart:80' },
    { rule: '0', cluster: 'shop/cart:80' },
    { rule: '0', cluster: null },
    { rule: '1', cluster: 'shop/cart:80' },
    { rule: '1', cluster: 'shop/cart:80', listener: 'other' },
    { rule: '0', cluster: 'shop/cart:80', route: null },
    { rule: '0', cluster: 'shop/cart:80' },
  ];
  for (const where of went) {
    const record = recordOf(where);
    const line = JSON.parse(accessLine(record, time, places)) as Record<string, unknown>;
    for (const name of ['listener', 'route', 'rule', 'cluster'] as const)
      assert.equal(line[name] ?? null, record[name], name);
  }
});

test('a failure is told with its detail', () => {
  const failure = { kind: 'ConnectFailed', detail: 'ECONNREFUSED "now"' } as const;
  const line: unknown = JSON.parse(accessLine(recordOf({ status: 503, failure }), time, new Places()));
  assert(typeof line === 'object' && line !== null);
  assert.deepEqual({ ...line, status: 503 }, line);
  assert.equal(Reflect.get(line, 'failure'), 'ConnectFailed');
  assert.equal(Reflect.get(line, 'detail'), 'ECONNREFUSED "now"');
});

test('whatever a client sends, its request stays one line, and reads as it was sent', () => {
  const nasty = fc
    .string({ unit: 'binary', maxLength: 50 })
    .map((text) => `${text}\n\u2028\u2029\u0085\u001b[2J"\\\ud800`);
  fc.assert(
    fc.property(nasty, nasty, (userAgent, target) => {
      const line = accessLine(recordOf({ userAgent, path: target }), time, new Places());
      // oxlint-disable-next-line no-control-regex -- no control character may be left
      assert.doesNotMatch(line.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      const parsed: unknown = JSON.parse(line);
      assert(typeof parsed === 'object' && parsed !== null);
      assert.equal(Reflect.get(parsed, 'path'), target);
      assert.equal(Reflect.get(parsed, 'userAgent'), userAgent);
      assert.equal(Buffer.from(line, 'utf8').toString('utf8'), line);
    }),
  );
});

test('very long values are cut', () => {
  assert(accessLine(recordOf({ path: `/${'a'.repeat(100_000)}` }), time, new Places()).length < 4000);
});

test('all lines reach the sink in their order, and none waits for the others to fill a batch', async () => {
  const { log, read, end } = givenLog();
  log.add(recordOf({ path: '/first', durationMs: 0.5 }));
  await eventually(() => read() !== '');
  assert.match(read(), /^\{"time":"2026-11-22T05:50:00\.124Z",.*\n$/);
  for (let turn = 0; turn < 2000; turn += 1) log.add(recordOf({ path: `/${turn}` }));
  await log.close();
  const paths = read()
    .trimEnd()
    .split('\n')
    .map((line) => /"path":"\/([^"]*)"/.exec(line)?.[1]);
  assert.deepEqual(paths, ['first', ...Array.from({ length: 2000 }, (_, turn) => String(turn))]);
  assert.equal(log.dropped, 0);
  end();
});

test('a log that is off writes nothing', async () => {
  const { log, read, end } = givenLog();
  log.enabled = false;
  log.add(recordOf());
  log.enabled = true;
  log.add(recordOf({ path: '/on' }));
  await log.close();
  assert.equal(read().split('\n').length, 2);
  end();
});

test('a sink that stalls costs bounded memory: lines beyond it are dropped and counted, all others arrive', async () => {
  const pipe = path.join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const fd = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  const log = createAccessLog({ fd, wallClock: () => Date.parse(time) });
  const sent = 20_000;
  for (let turn = 0; turn < sent; turn += 1) log.add(recordOf());
  assert(log.dropped > 10_000 && log.dropped < sent, `${log.dropped} dropped`);
  let received = '';
  const chunk = Buffer.alloc(65_536);
  await eventually(() => {
    try {
      received += chunk.toString('utf8', 0, readSync(fd, chunk));
    } catch (error) {
      assert.equal(Reflect.get(Object(error), 'code'), 'EAGAIN');
    }
    return received.split('\n').length - 1 === sent - log.dropped;
  });
  for (const line of received.trimEnd().split('\n')) JSON.parse(line);
  await log.close();
  closeSync(fd);
});

test('a sink that fails loses its lines and nothing else', async () => {
  const fd = openSync('/dev/full', 'w');
  const log = createAccessLog({ fd, wallClock: () => Date.parse(time) });
  log.add(recordOf());
  log.add(recordOf());
  await eventually(() => log.dropped === 2);
  await log.close();
  closeSync(fd);
});

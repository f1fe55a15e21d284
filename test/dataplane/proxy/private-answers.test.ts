// Answers to which the gateway adds a cookie: no cache that many share may keep them, whatever the backend says.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import { givenDataPlane } from '../../given/data-plane.ts';
import { aRawBackend } from '../../given/raw-backend.ts';
import { converse } from '../../given/raw-client.ts';
import { aRule } from '../../given/runtime.ts';
import { aRuleWithSessions } from '../../given/sessions.ts';

const get = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

/** Adds this field to whatever answer the client gets. */
function adding(name: string, value: string): RequestFilter {
  return {
    kind: 'Add',
    apply({ answerFields }) {
      answerFields.append(name, value);
      return null;
    },
  };
}

/** What clients and caches are told of keeping an answer that a backend gives with these lines. */
async function toldOf(lines: readonly string[], ...requestFilters: readonly RequestFilter[]) {
  await using backend = await aRawBackend(() =>
    ['HTTP/1.1 200 OK', ...lines, 'Content-Length: 0', '', ''].join('\r\n'),
  );
  using dataPlane = await givenDataPlane([backend.port], { rule: (to) => aRule(to, { requestFilters }) });
  const { answers } = await converse(dataPlane.port, get);
  assert.equal(answers[0]?.status, 200);
  return linesOfCaching(answers[0].head);
}

function linesOfCaching(head: string): readonly string[] {
  return head.split('\r\n').filter((line) => /^(?:[\w-]+-)?(?:cache|surrogate)-control:/iu.test(line));
}

describe('an answer to which the gateway adds a cookie', () => {
  const told: Readonly<Record<string, readonly [from: readonly string[], to: readonly string[]]>> = {
    'that anybody may keep': [
      ['Cache-Control: public, max-age=600, S-MaxAge=900'],
      ['Cache-Control: private, max-age=600'],
    ],
    'of which nothing is told': [[], ['Cache-Control: private']],
    'that is told in several lines': [
      ['Cache-Control: max-age=600', 'Cache-Control: PUBLIC', 'Cache-Control: no-cache="a, b"'],
      ['Cache-Control: private, max-age=600, no-cache="a, b"'],
    ],
    'of which a part alone is private': [
      ['Cache-Control: private="x-a", max-age=600'],
      ['Cache-Control: private, private="x-a", max-age=600'],
    ],
    'that is private already': [['Cache-Control: max-age=5, private'], ['Cache-Control: private, max-age=5']],
    'that nobody may keep': [['Cache-Control: no-store'], ['Cache-Control: no-store']],
    'that nobody may keep, but for those who are told otherwise': [
      ['Cache-Control: no-store', 'CDN-Cache-Control: max-age=600'],
      ['Cache-Control: no-store'],
    ],
    'that caches in the middle are told of by themselves (RFC 9213)': [
      ['Cache-Control: no-cache', 'CDN-Cache-Control: max-age=600', 'Surrogate-Control: max-age=600'],
      ['Cache-Control: private, no-cache'],
    ],
  };
  for (const [what, [from, to]] of Object.entries(told)) {
    it(`${what} is for one client alone`, async () => {
      assert.deepEqual(await toldOf(from, adding('set-cookie', 'session=ada')), to);
    });
  }

  it('is so also where it is no backend that answers', async () => {
    await using backend = await aRawBackend();
    const answered: RequestFilter = { kind: 'Refuse', apply: () => ({ kind: 'NoRoute' }) };
    using dataPlane = await givenDataPlane([backend.port], {
      rule: (to) => aRule(to, { requestFilters: [adding('set-cookie', 'session=ada'), answered] }),
    });
    const { answers } = await converse(dataPlane.port, get);
    assert.equal(answers[0]?.status, 404);
    assert.deepEqual(linesOfCaching(answers[0].head), ['Cache-Control: private']);
  });

  it('is so where the cookie leads back to an endpoint', async () => {
    await using backend = await aRawBackend(
      () => 'HTTP/1.1 200 OK\r\nCache-Control: public\r\nContent-Length: 0\r\n\r\n',
    );
    using dataPlane = await givenDataPlane([backend.port], {
      rule: (cluster) => aRuleWithSessions(cluster),
    });
    const { answers } = await converse(dataPlane.port, get);
    assert.match(answers[0]?.head ?? '', /^set-cookie: /imu);
    assert.deepEqual(linesOfCaching(answers[0]?.head ?? ''), ['Cache-Control: private']);
  });
});

it('an answer to which the gateway adds something else is as the backend has it', async () => {
  const lines = ['Cache-Control: public, max-age=600', 'CDN-Cache-Control: max-age=600'];
  assert.deepEqual(await toldOf(lines, adding('ratelimit', 'x')), lines);
  assert.deepEqual(await toldOf([...lines, 'Set-Cookie: its=own']), lines);
});

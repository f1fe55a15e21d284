// The cookies of attempts to log in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newAttempt, idIn } from '#dataplane/filters/authenticate/login/attempt.ts';
import { attemptsMax, LoginCookies } from '#dataplane/filters/authenticate/login/login-cookies.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';

const cookies = new LoginCookies('0123456789');

/** The lines by which a browser that has the cookies `has` keeps one more attempt, and its id. */
function kept(has: readonly string[]): { readonly id: string; readonly lines: readonly string[] } {
  const fields = has.length === 0 ? [] : [['cookie', has.join('; ')] as const];
  const exchange = givenExchange(givenRequest({ fields }));
  const id = idIn(newAttempt({ target: '/', redirectUri: 'https://example.com/back', begunMs: 0 }).state);
  cookies.keepAttempt({ exchange, secure: true }, id, 'sealed', 600);
  const { answerFields } = exchange;
  return { id, lines: Array.from({ length: answerFields.size }, (_, at) => answerFields.valueAt(at)) };
}

const pairOf = (line = ''): string => line.split(';')[0] ?? '';

test('attempts that begin at once have cookies of their own', () => {
  const begun = Array.from({ length: 20 }, () => kept([]));
  const has = begun.map(({ lines }) => pairOf(lines[0]));
  assert.equal(new Set(has.map((pair) => pair.split('=')[0])).size, begun.length);
  const exchange = givenExchange(givenRequest({ fields: [['cookie', has.join('; ')]] }));
  for (const { id } of begun) assert.equal(cookies.attempt({ exchange, secure: true }, id), 'sealed');
  assert.equal(cookies.attempt({ exchange, secure: false }, begun[0]?.id ?? ''), null);
  assert.equal(cookies.attempt({ exchange, secure: true }, ''), null);
});

test('of more attempts than a browser may have, the oldest are forgotten', () => {
  const has = Array.from({ length: attemptsMax + 1 }, () => pairOf(kept([]).lines[0]));
  const { lines } = kept(['other=1', ...has, 'last=1']);
  const forgotten = lines.filter((line) => line.includes('Max-Age=0;'));
  assert.deepEqual(
    forgotten.map((line) => line.split('=')[0]),
    has.slice(0, 2).map((pair) => pair.split('=')[0]),
  );
  assert.equal(kept(has.slice(0, attemptsMax - 1)).lines.length, 1, 'as many as it may have stay');
});

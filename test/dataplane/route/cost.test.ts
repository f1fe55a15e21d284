// What the patterns of a tenant may cost everybody else: a request that would take long is refused, not matched.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileMatches, RequestView, TooDearError, holds } from '#dataplane/route/matches.ts';
import { givenRequest } from '../../given/request.ts';
import { givenMatch, givenRoute, givenRule } from '../../given/route.ts';

/** Long enough for a header field, and such that patterns which count defeat every short cut. */
const text = Array.from({ length: 12_000 }, (_, at) => 'abx'.charAt((at * at * 7 + (at >> 3)) % 3)).join('');

function matchAll(patterns: readonly string[], value: string): boolean {
  const compiled = compileMatches(
    givenRoute('dear', {
      rules: [givenRule({ matches: patterns.map((one) => givenMatch({ headers: [`x~${one}`] })) })],
    }),
  );
  assert.ok(compiled.ok);
  const view = new RequestView(givenRequest({ fields: [['x', value]] }), () => performance.now());
  return compiled.matches.some((match) => holds(match, view));
}

describe('patterns', () => {
  it('that take long together end the request soon', () => {
    const patterns = Array.from({ length: 200 }, (_, at) => `.*a.{${300 - at}}z`);
    const begunMs = performance.now();
    assert.throws(() => matchAll(patterns, text), TooDearError);
    const tookMs = performance.now() - begunMs;
    assert.ok(tookMs < 3_000, `${tookMs} ms`);
  });

  it('of which one alone could take long are not tried on a long text', () => {
    assert.throws(() => matchAll([`(?:.?){300}b`], text), TooDearError);
    assert.equal(matchAll([`(?:.?){300}b`], 'ab'), true);
  });

  it('that are quick are tried, however many there are', () => {
    const patterns = Array.from({ length: 200 }, (_, at) => `.*; *session=s${at};.*`);
    assert.equal(matchAll(patterns, `${'a=b; '.repeat(200)}session=s199; c=d`), true);
  });
});

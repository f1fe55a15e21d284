// What of a path is counted by.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRateLimiting } from '#dataplane/filters/rate-limit/rate-limiting.ts';
import { templateReader } from '#dataplane/filters/rate-limit/path-template.ts';
import { decodeTarget } from '#dataplane/http/target.ts';
import { variables } from '#test/cel/subject.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { rateLimit, limitOf } from './given-rate-limit.ts';

const cases: readonly (readonly [template: string, path: string, key: string | null])[] = [
  ['/shops/{shop}', '/shops/acme', 'acme'],
  ['/shops/{shop}', '/shops/acme/', 'acme'],
  ['/shops/{shop}', '/shops/acme/orders', null],
  ['/shops/{shop}', '/shops/', null],
  ['/shops/{shop}', '/shops', null],
  ['/shops/{shop}', '/Shops/acme', null],
  ['/shops/{shop}', '/shopsacme/acme', null],
  ['/shops/{shop}', '/shop/acme', null],
  ['/shops/{shop}', '/', null],
  ['/shops/{shop}', '*', null],
  ['/shops/{shop}', '/shops/acme;v=1', 'acme'],
  ['/shops/{shop}', '/shops/;v=1', null],
  ['/shops/{shop}', '/shops;v=1/acme', 'acme'],
  ['/shops/{shop}', '/shop;s/acme', null],
  ['/shops/{shop}/orders', '/shops/acme/orders;v=1/', 'acme'],
  ['/shops/{shop}/**', '/shops/acme%3Bx/orders', 'acme%3Bx'],
  ['/$batch/{user}', '/%24batch/me%40a%2Cb', 'me@a,b'],
  ['/$batch/{user}', '/$batch/me@a,b', 'me@a,b'],
  ['/shops/{shop}', '/shops/caf%C3%A9', 'caf%C3%A9'],
  ['/shops/{shop}/**', '/shops/acme', 'acme'],
  ['/shops/{shop}/**', '/shops/acme/orders/7', 'acme'],
  ['/shops/{shop}/orders/**', '/shops/acme/orders', 'acme'],
  ['/shops/{shop}/orders/**', '/shops/acme', null],
  ['/*/{shop}', '/v1/acme', 'acme'],
  ['/{tenant}/x/{shop}', '/a/x/bc', '1:a2:bc'],
  ['/{tenant}/x/{shop}', '/a1:b/x/c', '4:a1:b1:c'],
];

for (const [template, path, key] of cases) {
  test(`${template} counts ${path} ${key === null ? 'as an unknown key' : `by ${key}`}`, () => {
    assert.equal(templateReader(template)(path), key);
  });
}

test('lists of texts are the same key only if they are the same', () => {
  const read = templateReader('/{a}/{b}/{c}');
  const texts = fc.tuple(segment(), segment(), segment());
  fc.assert(
    fc.property(texts, texts, (one, other) => {
      const same = one.every((text, at) => text === other[at]);
      assert.equal(read(`/${one.join('/')}`) === read(`/${other.join('/')}`), same);
    }),
  );
});

function segment() {
  return fc.stringMatching(/^[ab1:]{1,3}$/);
}

test('however a client spells a segment, it is counted by the one that is routed', () => {
  const read = templateReader('/shops/{shop}/**');
  for (const target of [
    '/shops/acme/x',
    '//shops/./acme/x',
    '/shops/%61cme/x',
    '/shops;v=1/acme;w=2/x',
    '/other/../shops/acme',
    '/shops/acme?y',
  ]) {
    assert.equal(read(decodeTarget(target, 'GET')?.path ?? ''), 'acme', target);
  }
  assert.equal(decodeTarget('/shops/a%2Fb', 'GET'), null, 'an encoded slash comes no further');
});

/** What a template is in a regular expression. */
function naive(template: string, path: string): string | null {
  const pattern = template
    .replace(/\/([ab])(?=\/|$)/g, '/$1(?:;[^/]*)?')
    .replace(/\/\*\*$/, '(?:/.*)?')
    .replace(/\{\w+\}/g, '([^/;]+)(?:;[^/]*)?')
    .replace(/\/\*(?=\/|$|\()/g, '/[^/]+');
  return new RegExp(`^${pattern}/?$`).exec(path)?.[1] ?? null;
}

test('a compiled template reads what a regular expression would', () => {
  const template = fc
    .tuple(fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 3 }), fc.constantFrom('', '/a', '/*', '/**'))
    .map(([before, after]) => `${before.map((one) => `/${one}`).join('')}/{name}${after}`);
  const path = fc
    .array(fc.constantFrom('a', 'b', 'a;b', ';', 'ab'), { maxLength: 6 })
    .chain((segments) => fc.constantFrom(`/${segments.join('/')}`, `/${segments.join('/')}/`))
    .map((text) => text.replace(/\/+$/, '/'));
  fc.assert(
    fc.property(template, path, (one, other) => {
      assert.equal(templateReader(one)(other), naive(one, other), `${one} ${other}`);
    }),
    { numRuns: 2000 },
  );
});

test('requests are counted by their path, and one that does not fit as the rule says', () => {
  const limiting = createRateLimiting({ variables, now: () => 5000, random: () => 0 });
  const key = { kind: 'PathTemplate', template: '/shops/{shop}/**', onUnknown: 'Skip' } as const;
  const filter = limiting.filterFor(rateLimit({ key, limits: [limitOf(1, 60_000)] }));
  const verdicts = ['/shops/a/1', '/shops/a/2', '/shops/b', '/', '/'].map(
    (target) => filter.apply(givenExchange(givenRequest({ target }))) === null,
  );
  assert.deepEqual(verdicts, [true, false, true, true, true]);
});

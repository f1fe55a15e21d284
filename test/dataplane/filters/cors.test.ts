import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CrossOrigin } from '#dataplane/filters/cors.ts';
import type { Answered } from '#dataplane/http/exchange.ts';
import { Fields } from '#dataplane/http/fields.ts';
import type { CorsFilter } from '#snapshot/filter.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';

const nobody: CorsFilter = {
  kind: 'Cors',
  origins: [],
  credentials: false,
  methods: [],
  headers: [],
  exposed: [],
  maxAgeS: 5,
};

type Told = Readonly<Record<string, string>>;

interface Outcome {
  readonly verdict: Answered | null;
  /** What stands on the answer, but for Vary. */
  readonly told: Told;
  readonly vary: string | undefined;
}

function outcome(rules: Partial<CorsFilter>, fields: Told, method = 'GET'): Outcome {
  const exchange = givenExchange(givenRequest({ method, fields: Object.entries(fields) }));
  const verdict = new CrossOrigin({ ...nobody, ...rules }).apply(exchange);
  const { answerFields } = exchange;
  const lines = Array.from({ length: answerFields.size }, (_, line) => [
    answerFields.nameAt(line),
    answerFields.valueAt(line),
  ]);
  const { vary, ...told } = Object.fromEntries(lines) as Record<string, string>;
  return { verdict, told, vary };
}

describe('an origin', () => {
  const cases: readonly (readonly [origin: string, told: string, allowed: boolean])[] = [
    ['https://a.example', 'https://a.example', true],
    ['https://a.example', 'HTTPS://A.example', true],
    ['https://a.example', 'http://a.example', false],
    ['https://a.example', 'https://a.example:8443', false],
    ['https://a.example', 'https://a.example.evil.example', false],
    ['https://a.example', 'https://a.exampl', false],
    ['https://a.example', 'null', false],
    ['https://a.example', '', false],
    ['https://a.example:8443', 'https://a.example:8443', true],
    ['https://*.a.example', 'https://b.a.example', true],
    ['https://*.a.example', 'https://c.b.a.example', true],
    ['https://*.a.example', 'https://a.example', false],
    ['https://*.a.example', 'https://.a.example', false],
    ['https://*.a.example', 'https://evila.example', false],
    ['https://*.a.example', 'https://b.a.example:8443', false],
    ['https://*.a.example', 'https://evil.example:1.a.example', false],
    ['https://*.a.example', 'https://evil.example/.a.example', false],
    ['https://*.a.example', 'https://evil.example#.a.example', false],
    ['https://*.a.example', 'https://user@evil.example?.a.example', false],
    ['https://*.a.example:8443', 'https://b.a.example:8443', true],
    ['https://*', 'https://b.example', true],
    ['https://*', 'https://[2001:db8::1]', true],
    ['https://*', 'https://b.example:8443', false],
    ['https://*', 'http://b.example', false],
    ['https://*:8443', 'https://b.example:8443', true],
    ['https://*:8443', 'https://b.example', false],
  ];
  for (const [origin, told, allowed] of cases) {
    it(`${told || '(empty)'} is ${allowed ? '' : 'not '}one of ${origin}`, () => {
      const { verdict, told: answer, vary } = outcome({ origins: [origin] }, { origin: told });
      assert.equal(verdict, null);
      assert.deepEqual(answer, allowed ? { 'access-control-allow-origin': told } : {});
      assert.equal(vary, 'Origin');
    });
  }

  it('told twice is none', () => {
    const fields: [string, string][] = [
      ['origin', 'https://a.example'],
      ['origin', 'https://a.example'],
    ];
    const exchange = givenExchange(givenRequest({ fields }));
    new CrossOrigin({ ...nobody, origins: ['https://a.example'] }).apply(exchange);
    assert.deepEqual(exchange.answerFields.flat, ['vary', 'Vary: Origin\r\n']);
  });

  it('is any one of *, for all alike, so that caches need not tell them apart', () => {
    const any = outcome({ origins: ['*'], exposed: ['x-a', 'x-b'] }, { origin: 'null' });
    assert.deepEqual(any.told, {
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'x-a, x-b',
    });
    assert.equal(any.vary, undefined);
  });

  it('is named where credentials are allowed, for browsers do not take * there', () => {
    const { told, vary } = outcome({ origins: ['*'], credentials: true }, { origin: 'https://a.example' });
    assert.deepEqual(told, {
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-credentials': 'true',
    });
    assert.equal(vary, 'Origin');
  });

  it('that is not told makes the answer none for caches to give to others', () => {
    const { told, vary } = outcome({ origins: ['https://a.example'] }, {});
    assert.deepEqual(told, {});
    assert.equal(vary, 'Origin');
  });
});

const asks = {
  origin: 'https://a.example',
  'access-control-request-method': 'PATCH',
  'access-control-request-headers': 'authorization, x-a',
};

describe('a preflight', () => {
  const allowed = { origins: ['https://a.example'] };
  const origin = { 'access-control-allow-origin': 'https://a.example' };

  it('is answered by what is allowed, whatever it asks for', () => {
    const { verdict, told } = outcome(
      { ...allowed, methods: ['GET', 'PUT'], headers: ['x-b', 'x-c'], exposed: ['x-d'], maxAgeS: 3600 },
      asks,
      'OPTIONS',
    );
    assert.equal(verdict?.status, 200);
    assert.equal(verdict.body.length, 0);
    assert.deepEqual(told, {
      ...origin,
      'access-control-expose-headers': 'x-d',
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'x-b, x-c',
      'access-control-max-age': '3600',
    });
  });

  for (const credentials of [false, true]) {
    it(`is answered by what it asks for where that is *, ${credentials ? 'with' : 'without'} credentials`, () => {
      const { told } = outcome({ ...allowed, methods: ['*'], headers: ['*'], credentials }, asks, 'OPTIONS');
      assert.deepEqual(told, {
        ...origin,
        ...(credentials ? { 'access-control-allow-credentials': 'true' } : {}),
        'access-control-allow-methods': 'PATCH',
        'access-control-allow-headers': 'authorization, x-a',
        'access-control-max-age': '5',
      });
    });
  }

  it('that asks for no field is told of none', () => {
    const { 'access-control-request-headers': _, ...plain } = asks;
    const { told } = outcome({ ...allowed, headers: ['*'] }, plain, 'OPTIONS');
    assert.deepEqual(told, { ...origin, 'access-control-max-age': '5' });
  });

  it('of an origin that is not allowed is answered, and told nothing', () => {
    const { verdict, told } = outcome({ origins: ['https://b.example'], methods: ['*'] }, asks, 'OPTIONS');
    assert.equal(verdict?.status, 200);
    assert.deepEqual(told, {});
  });

  it('is none without what it asks for, without an origin, or by another method', () => {
    const { origin: _origin, ...noOrigin } = asks;
    assert.equal(outcome(allowed, { origin: asks.origin }, 'OPTIONS').verdict, null);
    assert.equal(outcome(allowed, noOrigin, 'OPTIONS').verdict, null);
    assert.equal(outcome(allowed, asks, 'GET').verdict, null);
  });
});

it('what the backend says of origins is taken away, and nothing else', () => {
  const fields = new Fields();
  const lines = [
    ['access-control-allow-origin', '*'],
    ['content-type', 'text/plain'],
    ['access-control-allow-origin', 'https://b.example'],
    ['vary', 'Accept'],
    ['access-control-allow-credentials', 'true'],
  ] as const;
  for (const [name, value] of lines) fields.append(name, value);
  new CrossOrigin(nobody).answerFilter.apply(givenExchange(), { status: 200, fields });
  assert.deepEqual(fields.flat, ['content-type', 'content-type: text/plain\r\n', 'vary', 'vary: Accept\r\n']);
});

// No expression of a tenant holds up a data plane, and none reaches anything but its variables.
import { compileExpression } from '#cel/expression.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aSubject, ask, problemOf, variables, type GivenSubject } from './subject.ts';

/** Far above what the budget comes to. */
const patienceMs = 250;

/** The time of others on this machine does not count. */
function processorMs(): number {
  return process.cpuUsage().user / 1000;
}

const many = Array.from({ length: 4000 }, (_, at) => `member-${String(at)}`);
const long = 'a'.repeat(32_000);
const large: GivenSubject = {
  target: `/?${many.map((name) => `${name}=1`).join('&')}`,
  headers: {
    ...Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x-long-${String(at)}`, 'a'])),
    'x-long': long,
    'x-digits': '1'.repeat(32_000),
    'x-turns': 'aB'.repeat(16_000),
  },
  identity: {
    groups: many,
    scopes: [...many],
    claims: {
      many,
      long,
      numbers: many.map((_, at) => at),
      deep: deep(3000),
      other: deep(3000),
      last: `${long}b`,
      middle: `${'a'.repeat(16_000)}b${'a'.repeat(16_000)}`,
    },
  },
};

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { x: value };
  return value;
}

describe('an expression that would take long is ended', () => {
  const dear: readonly string[] = [
    'auth.groups.all(a, auth.groups.all(b, a != b || a == b))',
    "auth.groups.exists(a, auth.groups.exists(b, a == b && b == 'x'))",
    'auth.groups.all(a, auth.claims.none == a || false)',
    'auth.groups.exists(a, auth.groups.exists(b, auth.claims.none == a))',
    'auth.groups.exists(a, auth.groups.exists(b, auth.claims.none == a)) || auth.groups.exists(a, auth.claims.none == a)',
    "auth.groups.filter(a, auth.groups.filter(b, b != 'x').size() > 0).size() > 0",
    "auth.groups.map(a, request.headers['x-long'].contains(a)).size() == 0",
    "auth.groups.map(a, request.headers['x-long'].lowerAscii()).size() == 0",
    "auth.groups.map(a, request.headers['x-long'].split('')).size() == 0",
    "auth.groups.map(a, request.headers['x-long'] == auth.claims.long).size() == 0",
    "auth.groups.map(a, request.headers['x-long'].size()).size() == 0",
    "auth.groups.map(a, request.headers['x-long'].matches('^(a+)+$')).size() == 0",
    'auth.groups.map(a, auth.groups + auth.groups).size() == 0',
    'auth.groups.map(a, auth.groups == auth.scopes).size() == 0',
    'auth.groups.map(a, size(request.query)).size() == 0',
    "cel.bind(t, request.headers['x-long'] + request.headers['x-long'], auth.groups.all(a, t.lastIndexOf(auth.claims.last) == -1))",
    "cel.bind(t, request.headers['x-long'] + request.headers['x-long'], auth.groups.all(a, t.indexOf(auth.claims.middle) == -1))",
    "cel.bind(t, request.headers['x-long'] + request.headers['x-long'], auth.groups.all(a, !t.contains(auth.claims.middle)))",
    "cel.bind(t, request.headers['x-long'] + request.headers['x-long'], auth.groups.all(a, t.split(auth.claims.middle) == [t]))",
    "auth.groups.all(a, request.headers['x-turns'].lowerAscii() != '')",
    "auth.groups.all(a, auth.groups.all(b, cidr('::/0').containsIP('fe80::1%eth0') || true))",
    "auth.groups.all(a, auth.groups.all(b, request.query['member-1'][0] == '1'))",
    "auth.groups.all(a, auth.groups.all(b, 'none' in request.query || true))",
    'auth.groups.all(a, auth.groups.all(b, auth.claims.numbers[0] == 0))',
    'auth.groups.all(a, [auth.claims][0].numbers.map(b, auth.claims.numbers[1] == b).size() > 0)',
    "auth.groups.all(a, request.headers['x-long'].substring(1) in request.headers || true)",
    'auth.groups.map(a, auth.claims.deep == auth.claims.other).size() == 0',
    'auth.groups.map(a, a in auth.groups).size() == 0',
    "auth.groups.map(a, ['x', 'y'].map(b, request.query['member-1'][0])).size() == 0",
    "auth.groups.map(a, ['x', 'y'].map(b, auth.claims.numbers[0])).size() == 0",
    "auth.groups.map(a, ['x', 'y'].map(b, request.headers['x-long-99'])).size() == 0",
    "auth.groups.map(a, request.headers['x-digits'].substring(1)).exists(b, duration(b) > duration('1s'))",
  ];
  for (const text of dear) {
    test(text, () => {
      const subject = aSubject(large);
      const began = processorMs();
      const evaluated = ask(text, subject);
      const took = processorMs() - began;
      assert.ok(took < patienceMs, `${took.toFixed(1)} ms`);
      assert.equal(evaluated.ok, false);
    });
  }

  test('a text cannot be doubled until memory is full', () => {
    const doubling = Array.from(
      { length: 10 },
      (_, at) => `cel.bind(t${String(at + 1)}, t${String(at)} + t${String(at)}, `,
    );
    const text = `cel.bind(t0, request.headers['x-long'], ${doubling.join('')}t10.size() > 0${')'.repeat(11)}`;
    const evaluated = ask(text, aSubject(large));
    assert.ok(!evaluated.ok && evaluated.detail.includes('too long a text'));
  });

  test('patterns that make a backtracking engine take for ever are linear', () => {
    const value = `${'a'.repeat(5000)}!`;
    const began = processorMs();
    for (const pattern of ['^(a+)+$', '^(a|aa)+$', '^(a|a?)+$', '(.*)(.*)(.*)(.*)x', '(x+x+)+y']) {
      const text = `request.headers['x-evil'].matches('${pattern}')`;
      assert.deepEqual(
        ask(text, aSubject({ headers: { 'x-evil': value } })),
        { ok: true, value: false },
        pattern,
      );
    }
    assert.ok(processorMs() - began < 4 * patienceMs);
  });
});

test('a realistic expression is far from its bounds', () => {
  const text =
    "request.headers.exists(h, h.startsWith('x-')) && auth.groups.exists(g, g in ['member-1', 'b', 'c'] && g.matches('^member-[0-9]+$'))";
  const subject = aSubject({ headers: { 'x-a': 'b' }, identity: { groups: many.slice(0, 200) } });
  assert.deepEqual(ask(text, subject), { ok: true, value: true });
});

describe('a text beyond its bounds is no expression', () => {
  const nested = (levels: number): string => {
    const names = Array.from({ length: levels }, (_, at) => `n${String(at)}`);
    return `${names.map((name) => `auth.groups.exists(${name}, `).join('')}true${')'.repeat(levels)}`;
  };
  const beyond: readonly (readonly [name: string, text: string, problem: RegExp])[] = [
    ['characters', `true || '${'a'.repeat(4096)}' == ''`, /1:1 it has more than 4096 characters/],
    ['parts', Array.from({ length: 300 }, () => 'true').join('||'), /it has more than 512 parts/],
    ['parentheses', `${'('.repeat(100)}true${')'.repeat(100)}`, /it is nested more than 32 deep/],
    ['negations', `${'!'.repeat(4000)}true`, /more than 512 parts|too deep/],
    [
      'lists',
      `'a' in [${Array.from({ length: 300 }, () => "'a'").join(',')}]`,
      /a list has more than 256 members/,
    ],
    [
      'patterns',
      Array.from({ length: 17 }, () => String.raw`'a'.matches(r'(?i)\pL{500}')`).join('||'),
      /it has more than 16 patterns/,
    ],
    ['macros', nested(3), /macros stand in each other no more than 2 deep/],
    ['six macros', nested(6), /macros stand in each other no more than 2 deep/],
  ];
  for (const [name, text, problem] of beyond) {
    test(name, () => {
      assert.match(problemOf(text), problem);
    });
  }

  test('two macros in each other are one', () => {
    assert.ok(compileExpression(nested(2), { variables, result: 'bool' }).ok);
  });
});

describe('nothing but the variables can be reached', () => {
  const reaching: readonly string[] = [
    'has(auth.claims.constructor)',
    'has(auth.claims.toString)',
    'has(auth.claims.__proto__)',
    'has(request.headers.constructor)',
    'has(request.query.constructor)',
    "'constructor' in auth.claims || '__proto__' in auth.claims || 'get' in request.headers",
    "'length' in auth.claims.text || 'length' in auth.claims.list",
    "auth.claims['constructor'] == 'x'",
    "auth.claims['__proto__']['polluted'] == 'x'",
    "auth.claims.list['length'] == 1",
    'auth.claims.list.length == 1',
    'auth.claims.text.length == 1',
    "dyn('text')['constructor'] == 'x'",
    "dyn(now)['__proto__'] == 'x'",
    "dyn(now).getTime == 'x'",
    "dyn(cidr('10.0.0.0/8')).list == 'x'",
    "dyn(duration('1s')).ms == 1000",
    "dyn(request.headers)['keys'] == 'x'",
    "{'a': 1}[dyn('constructor')] == 1",
    "{'__proto__': 1}['toString'] == 1",
    "dyn([1])['constructor'] == 1",
    'dyn([1])[dyn(-1)] == 1',
    "dyn(request.headers[?'a'])['value'] == 1",
  ];
  for (const text of reaching) {
    test(text, () => {
      const compiled = compileExpression(text, { variables, result: 'bool' });
      if (!compiled.ok) return;
      const claims = { text: 'abc', list: ['a'] };
      const evaluated = compiled.expression.evaluate(aSubject({ identity: { claims } }));
      assert.ok(!evaluated.ok || !evaluated.value, JSON.stringify(evaluated));
    });
  }

  for (const text of [
    "request.constructor == 'x'",
    "request['constructor'] == 'x'",
    "request['con' + 'structor'] == 'x'",
    'google.protobuf.Timestamp == google.protobuf.Duration',
    'cel == cel',
    'optional == optional',
    'string == int',
    "this == 'x'",
    "globalThis == 'x'",
    "process.env == 'x'",
    "constructor == 'x'",
    "__proto__ == 'x'",
    "request.headers.get('a') == 'x'",
    'auth.claims.keys() == []',
    "b'{}'.json() == {}",
    "'a'.replace('a', 'b') == 'b'",
    'now.toISOString() == ""',
  ]) {
    test(`${text} is no expression`, () => {
      assert.match(problemOf(text), /^1:\d+ ./);
    });
  }
});

test('data nested deeper than the stack is a failure of the expression, and nobody else notices', () => {
  const claims = { a: deep(200_000), b: deep(200_000) };
  const evaluated = ask('auth.claims.a == auth.claims.b', aSubject({ identity: { claims } }));
  assert.equal(evaluated.ok, false);
});

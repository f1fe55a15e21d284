// What expressions say of requests; how a text that is none is told.
import { compileExpression } from '#cel/expression.ts';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aSubject, ask, problemOf, variables, type GivenSubject } from './subject.ts';

const alice: GivenSubject = {
  method: 'POST',
  target: '/tenants/blue/orders?page=2&tag=a&tag=b+c&empty=',
  headers: { 'x-tenant': 'blue', accept: ['text/html', 'text/plain'], 'x-empty': '' },
  address: '10.1.2.3',
  identity: {
    method: 'JWT',
    subject: 'alice',
    consumer: 'shop/acme',
    plan: 'gold',
    groups: ['staff', 'admins'],
    scopes: ['read', 'write'],
    keyId: 'k1',
    claims: JSON.parse(
      `{"level": 3, "big": 9007199254740993, "half": 2.5, "roles": ["a", 7, {"x": [1]}], "org": {"id": "o1"},
        "auth_time": 1782900000, "https://example.com/tenant": "blue", "nothing": null, "flag": true,
        "__proto__": "own", "empty": {}}`,
    ) as Readonly<Record<string, unknown>>,
  },
};

describe('an expression holds of a request', () => {
  const holding: readonly string[] = [
    "request.method == 'POST' && request.path.startsWith('/tenants/')",
    "request.scheme == 'https' && request.host == 'api.example.com' && request.id == 'r-1'",
    "request.headers['x-tenant'] == 'blue' && request.headers.accept == 'text/html, text/plain'",
    "'X-Tenant' in request.headers && request.headers['X-TENANT'] == 'blue' && has(request.headers.Accept)",
    "request.headers['x-empty'] == '' && 'x-empty' in request.headers && has(request.headers.accept)",
    "!('x-other' in request.headers) && !has(request.headers.other)",
    "request.headers[?'x-other'].orValue('none') == 'none' && !request.headers[?'x-other'].hasValue()",
    "request.headers[?'x-tenant'].or(request.headers[?'x-other']).value() == 'blue'",
    "request.headers.exists(name, name == 'accept') && size(request.headers) == 3",
    "request.query['page'] == ['2'] && request.query.page[0] == '2' && size(request.query.tag) == 2",
    "request.query.tag[1] == 'b c' && 'empty' in request.query && !('other' in request.query)",
    "request.query.all(name, name in ['page', 'tag', 'empty'])",
    "source.address == '10.1.2.3' && source.port == 40000",
    "cidr('10.0.0.0/8').containsIP(source.address) && !cidr('10.1.2.4').containsIP(source.address)",
    "!cidr('2001:db8::/32').containsIP(source.address)",
    "tls.sni == 'api.example.com' && tls.version == '1.3'",
    "tls.client.fingerprint == '' && tls.client.subject == '' && tls.client.issuer == ''",
    "route.namespace == 'shop' && route.name == 'orders' && route.rule == 'writes'",
    "auth.subject == 'alice' && auth.method == 'JWT' && auth.consumer == 'shop/acme'",
    "auth.plan == 'gold' && auth.keyId == 'k1'",
    "'write' in auth.scopes && auth.groups.exists(g, g == 'admins') && size(auth.groups) == 2",
    "auth.groups.all(g, g in ['staff', 'admins']) && auth.groups.exists_one(g, g.contains('adm'))",
    "auth.groups.filter(g, g != 'staff') == ['admins'] && auth.groups.map(g, size(g)) == [5, 6]",
    "auth.groups.map(g, g != 'staff', g + '!') == ['admins!']",
    'auth.claims.level >= 3 && auth.claims.level == 3 && auth.claims.level < 4 && auth.claims.level != 4',
    'auth.claims.level in [1, 2, 3] && auth.claims.level + 1 == 4 && auth.claims.level * 2 > 5',
    'auth.claims.half > 2 && auth.claims.half < 3 && auth.claims.half == 2.5 && auth.claims.level > 2.5',
    "'a' in auth.claims.roles && 7 in auth.claims.roles && auth.claims.roles[2].x[0] == 1",
    "auth.claims.org.id == 'o1' && has(auth.claims.org.id) && !has(auth.claims.org.other)",
    "auth.claims['https://example.com/tenant'] == request.path.split('/')[2]",
    'auth.claims.nothing == null && has(auth.claims.nothing) && auth.claims.flag',
    "auth.claims[?'org'].id.orValue('') == 'o1' && auth.claims.?other.id.orValue('x') == 'x'",
    "timestamp(auth.claims.auth_time) < now && now - timestamp(auth.claims.auth_time) > duration('1s')",
    "now == timestamp('2026-07-01T12:00:00Z') && now.getHours() == 12 && now.getDayOfWeek() == 3",
    "now + duration('1h30m') == timestamp('2026-07-01T15:30:00+02:00') && now.getDayOfYear() == 181",
    "timestamp('0050-02-01T00:00:00Z').getDayOfYear() == 31 && -auth.claims.level == -3",
    "timestamp('2024-02-29T23:30:00-01:00') == timestamp('2024-03-01T00:30:00z')",
    "duration('90m').getHours() == 1 && duration('-1.5s') < duration('1ms')",
    "request.path.matches('^/tenants/[a-z]+/') && request.path.matches('orders$')",
    "!request.path.matches('^orders')",
    "request.path.lowerAscii().indexOf('blue') == 9 && request.path.substring(9, 13) == 'blue'",
    "'ÄB'.lowerAscii() == 'Äb' && 'aä'.upperAscii() == 'Aä' && ' a '.trim() == 'a' && size('aä😀') == 3",
    "'a😀b😀'.indexOf('b') == 2 && 'a😀b😀'.lastIndexOf('😀') == 3 && '😀a😀a'.indexOf('a', 2) == 3 && 'a😀'.indexOf('', 2) == 2",
    "'abab'.lastIndexOf('a', 1) == 0 && 'a,b'.indexOf('c') == -1 && 'abc'.substring(3) == '' && 'ab'.indexOf('') == 0",
    "'a😀b'.substring(2) == 'b' && 'a😀b'.substring(1, 2) == '😀' && '😀b'.split('') == ['😀', 'b']",
    "'a,b,c'.split(',') == ['a', 'b', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c']",
    "int('42') == 42 && double('1.5') == 1.5 && string(3) == '3' && bool('true') && int(2.9) == 2",
    "cel.bind(t, request.headers['x-tenant'], t == 'blue' && auth.plan == 'gold')",
    "{'gold': 10, 'free': 1}[auth.plan] == 10 && 'gold' in {'gold': 1}",
    "request.method == 'GET' ? false : auth.subject != ''",
    '7 / 2 == 3 && 7 % 2 == 1 && -7 + 2 == -5 && 7.0 / 2.0 == 3.5',
    "'a' < 'b' && 2 < 2.5 && !(2.5 < 2) && [1, 2] == [1, 2] && [1] + [2] == [1, 2]",
    "auth.claims['__proto__'] == 'own'",
  ];
  for (const text of holding) {
    test(text, () => {
      assert.deepEqual(ask(text, aSubject(alice)), { ok: true, value: true });
    });
  }
});

describe('one side that decides makes up for the other, which fails', () => {
  for (const text of [
    "auth.claims.none == 'x' || request.method == 'GET'",
    "request.method == 'GET' || auth.claims.none == 'x'",
    "!(auth.claims.none == 'x' && request.method == 'POST')",
    "!(request.method == 'POST' && auth.claims.none == 'x')",
    "['a', 'b'].exists(n, n == 'a' ? auth.claims.none == 'x' : true)",
    "!['a', 'b'].all(n, n == 'a' ? auth.claims.none == 'x' : false)",
  ]) {
    test(text, () => {
      assert.deepEqual(ask(text), { ok: true, value: true });
    });
  }
});

describe('an expression that comes to nothing says where and why, and nothing of the request', () => {
  const failing: readonly (readonly [text: string, detail: string])[] = [
    ["auth.claims.none == 'x'", 'column 13: there is no such key or index'],
    ["auth.claims.none == 'x' || request.method == 'PUT'", 'column 13: there is no such key or index'],
    ["request.query.page[0] == 'x'", 'column 15: there is no such key or index'],
    ["request.headers.missing == 'x'", 'column 17: there is no such key or index'],
    ["request.headers[\n'missing'] == 'x'", 'column 1: there is no such key or index'],
    ['int(request.method) == 1', 'column 1: int() has no value for this'],
    ['timestamp(request.path) < now', 'column 1: timestamp() has no value for this'],
    ["duration(request.path) < duration('1s')", 'column 1: duration() has no value for this'],
    ['1 / 0 == 1', 'column 1: division by zero'],
    ['9223372036854775807 + 1 > 0', 'column 1: an int of more than 64 bits'],
    ['-(-9223372036854775807 - 1) > 0', 'column 1: an int of more than 64 bits'],
    ["timestamp('2026-02-30T00:00:00Z') < now", 'column 1: timestamp() has no value for this'],
    ["timestamp('2026-01-01T24:00:00Z') < now", 'column 1: timestamp() has no value for this'],
    ["auth.claims.level > 'a'", 'column 1: these two have no order'],
    ["auth.claims.level.startsWith('a')", 'column 1: startsWith() has no value for this'],
    ['auth.claims.level', 'it comes to no such value'],
    ['auth.claims.level || false', 'column 1: not true or false'],
    ['auth.claims.roles.exists(r, r.x.y == 1)', 'column 31: there is no such key or index'],
  ];
  for (const [text, detail] of failing) {
    test(text, () => {
      const identity = { claims: { level: 3, roles: ['a'] } };
      assert.deepEqual(ask(text, aSubject({ identity })), { ok: false, detail });
    });
  }
});

describe('a text that is no expression is told with line and column', () => {
  const wrong: readonly (readonly [text: string, problem: RegExp])[] = [
    ['', /^1:1 unexpected token: the end$/],
    ["request.method = 'GET'", /^1:16 unexpected character: =: write == to compare$/],
    ["request.method == 'GET' &&\n  reqest.path == '/'", /^2:3 unknown variable: reqest$/],
    ["request.methud == 'GET'", /^1:9 request has no methud$/],
    ['request.method == 3', /^1:1 no such overload: string == int$/],
    ["request.query.page == '2'", /^1:1 no such overload: list<string> == string$/],
    ['request.method', /^1:\d+ it must come to true or false, and comes to string$/],
    ['request == request', /^1:1 no such overload: request == request$/],
    ["dyn(request) == 'x'", /^1:5 request is no value: name a part of it, such as request.method$/],
    ["tls.client == 'x'", /^1:\d+ .*/],
    ['has(request)', /^1:\d+ has\(\) takes a name behind a dot, /],
    [
      'request.path.matches(request.host)',
      /^1:1 the pattern of matches\(\) must be a text spelt out in quotes$/,
    ],
    ["request.path.matches('(a')", /^1:22 the pattern of matches\(\): column 3: missing closing \)/],
    ["request.path.matches('(?=a)')", /^1:22 the pattern of matches\(\): /],
    ["request.path.matches('(a)\\\\1')", /^1:22 the pattern of matches\(\): /],
    ["request.path.matches('a{1000}{1000}')", /^1:22 the pattern of matches\(\): /],
    ["cidr(request.host).containsIP('::1')", /^1:1 cidr\(\) needs a network spelt out/],
    ["cidr('10.0.0.0/33').containsIP('::1')", /^1:1 cidr\(\) needs a network spelt out/],
    [
      "now.getHours('Europe/Berlin') == 3",
      /^1:1 getHours\(\) does not take so many arguments; times are in UTC$/,
    ],
    ["bytes('a') == b'a'", /^1:\d+ /],
    ["[b'a'] == []", /^1:2 bytes and unsigned integers are not supported$/],
    ['1u == 1u', /^1:1 bytes and unsigned integers are not supported$/],
    ['99999999999999999999 == 1', /^1:1 an int of more than 64 bits$/],
    ["['a'].join() == 'a'", /^1:1 there is no function join\(\) here$/],
    ['type(1) == int', /^1:\d+ /],
    ["fetch('http://localhost') == ''", /^1:1 there is no function fetch\(\) here$/],
    ["tls.client.sub == 'x'", /^1:12 tls\.client has no sub$/],
    ["auth.groups.exist(g, g == 'x')", /^1:\d+ there is no macro exist\(\)$/],
    ["auth.groups.exists(g, h == 'x')", /^1:\d+ unknown variable: h$/],
    ["auth.groups.contains('x')", /^1:1 a list has no contains\(\): write 'x' in list$/],
    [
      "startsWith(request.path, '/x')",
      /^1:1 startsWith\(\) stands behind what it asks: x\.startsWith\(\.\.\.\)$/,
    ],
    ['request.path.startsWith(1)', /^1:1 startsWith\(\) does not take this: string\.startsWith\(int\)$/],
    ['auth.groups.length > 0', /^1:13 .*: the length of a list is size\(list\)$/],
    [
      'auth.subject != null',
      /^1:1 .*: a text that is not there is '', and of claims and headers has\(\) tells$/,
    ],
    [
      "request.headers.x-tenant == 'a'",
      /^1:19 .*: a name with a hyphen stands in brackets, as request.headers\['x-tenant'\]$/,
    ],
    ["request.path =~ '^/x'", /^1:14 .*: write text\.matches\('\.\.\.'\)$/],
    ['if true then false', /^1:1 .*: write condition \? one : other$/],
    ["not auth.subject == ''", /^1:5 .*: write ! for not$/],
    ["(request.method == 'GET'", /^1:25 expected \), got the end$/],
    [
      "auth.groups.includes('x')",
      /^1:1 there is no function includes\(\) here: write contains\(\), and of a list 'x' in list$/,
    ],
    [
      "request.host.toLowerCase() == 'x'",
      /^1:1 there is no function toLowerCase\(\) here: write lowerAscii\(\)$/,
    ],
    ["request.method == 'GET' and true", /^1:25 .*: write && for and$/],
    ["request.method == 'GET' | true", /^1:25 .*: write \|\| for or$/],
  ];
  for (const [text, problem] of wrong) {
    test(JSON.stringify(text), () => {
      assert.match(problemOf(text), problem);
    });
  }
});

test('an expression of a text is the text, or how a number is spelt', () => {
  const texts: readonly (readonly [text: string, value: string | null])[] = [
    ['auth.subject', 'alice'],
    ['auth.claims.level', '3'],
    ['auth.claims.big', '9007199254740992'],
    ['auth.claims.half', '2.5'],
    ["request.method + ' ' + request.path.split('/')[1]", 'POST tenants'],
    ["request.headers[?'x-tenant']", 'blue'],
    ["request.headers[?'x-other']", null],
    ['auth.claims.org', null],
    ['auth.claims.nothing', null],
    ['auth.claims.none', null],
  ];
  for (const [text, value] of texts) {
    const compiled = compileExpression(text, { variables, result: 'text' });
    assert.ok(compiled.ok, text);
    const evaluated = compiled.expression.evaluate(aSubject(alice));
    assert.deepEqual(evaluated.ok ? evaluated.value : null, value, text);
  }
});

test('an expression tells which variables it names', () => {
  const compiled = compileExpression(
    "auth.groups.exists(source, source == 'a') || now > timestamp('2026-01-01T00:00:00Z')",
    {
      variables,
      result: 'bool',
    },
  );
  assert.deepEqual(compiled.ok ? [...compiled.expression.names] : [], ['auth', 'now']);
});

test('nobody has an empty identity', () => {
  assert.deepEqual(
    ask(
      "auth.subject == '' && auth.groups == [] && auth.scopes == [] && !has(auth.claims.sub) && size(auth.claims) == 0",
    ),
    { ok: true, value: true },
  );
});

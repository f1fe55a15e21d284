// One contract, run against every router there is.
import type { Route, RouteMatch } from '#snapshot/route.ts';
import { givenRequest } from '#test/given/request.ts';
import { attached, givenMatch, givenRoute, givenRule } from '#test/given/route.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { routers, type Listeners, type MakeRouter } from './routers.ts';

type RequestText = { method?: string; target?: string; host?: string; fields?: [string, string][] };

function rulesOf(...matches: RouteMatch[]) {
  return matches.map((match, index) => givenRule({ name: String(index), matches: [match] }));
}

for (const [title, makeRouter] of Object.entries(routers)) {
  describe(title, () => {
    hostnames(makeRouter);
    paths(makeRouter);
    otherParts(makeRouter);
    precedence(makeRouter);
  });
}

function asks(makeRouter: MakeRouter, listeners: Listeners, routes: readonly Route[]) {
  const router = makeRouter(listeners, routes);
  return (request: RequestText): string | null => {
    const head = givenRequest(request);
    return router.listenerFor(head.host)?.match(head, () => 0)?.rule ?? null;
  };
}

function hostnames(makeRouter: MakeRouter): void {
  const listeners = {
    any: '',
    bar: 'bar.com',
    foobar: 'foo.bar.com',
    wild: '*.bar.com',
    deep: '*.a.bar.com',
  };
  const table: readonly [host: string, listener: string][] = [
    ['bar.com', 'bar'],
    ['foo.bar.com', 'foobar'],
    ['baz.bar.com', 'wild'],
    ['boo.baz.bar.com', 'wild'],
    ['x.foo.bar.com', 'wild'],
    ['a.bar.com', 'wild'],
    ['x.a.bar.com', 'deep'],
    ['y.x.a.bar.com', 'deep'],
    ['xa.bar.com', 'wild'],
    ['xbar.com', 'any'],
    ['.bar.com', 'any'],
    ['com', 'any'],
    ['bar.com.', 'any'],
    ['*.bar.com', 'wild'],
    ['[2001:db8::1]', 'any'],
    ['', 'any'],
    [`${'x.'.repeat(20_000)}bar.com`, 'wild'],
    ['..bar.com', 'wild'],
  ];
  for (const [host, listener] of table) {
    it(`gives the host ${JSON.stringify(host.slice(0, 40))} to the listener ${listener}`, () => {
      assert.equal(makeRouter(listeners, []).listenerFor(host)?.listener, listener);
    });
  }

  it('has no listener for a host that none serves', () => {
    assert.equal(makeRouter({ only: '*.bar.com' }, []).listenerFor('bar.com'), null);
    assert.equal(makeRouter({ only: 'bar.com' }, []).listenerFor(''), null);
  });

  it('never falls back to a less specific listener when the routes of the best one do not match', () => {
    const ask = asks(makeRouter, { any: '', exact: 'a.example.com' }, [
      givenRoute('everywhere', { attachments: [attached('any', [''])] }),
      givenRoute('narrow', {
        attachments: [attached('exact', ['a.example.com'])],
        rules: rulesOf(givenMatch({ path: 'Prefix /one' })),
      }),
    ]);
    assert.equal(ask({ host: 'a.example.com', target: '/one' }), 'shop/narrow#0');
    assert.equal(ask({ host: 'a.example.com', target: '/two' }), null);
    assert.equal(ask({ host: 'b.example.com', target: '/two' }), 'shop/everywhere#0');
  });

  it('passes on to the next wider hostname of the same listener when the rules of the best one do not match', () => {
    const ask = asks(makeRouter, { http: '' }, [
      givenRoute('wide', { attachments: [attached('http', ['*.com'])] }),
      givenRoute('middle', {
        attachments: [attached('http', ['*.example.com'])],
        rules: rulesOf(givenMatch({ path: 'Prefix /middle' })),
      }),
      givenRoute('exact', {
        attachments: [attached('http', ['a.example.com'])],
        rules: rulesOf(givenMatch({ path: 'Exact /exact' })),
      }),
      givenRoute('all', { attachments: [attached('http', [''])] }),
    ]);
    assert.equal(ask({ host: 'a.example.com', target: '/exact' }), 'shop/exact#0');
    assert.equal(ask({ host: 'a.example.com', target: '/middle' }), 'shop/middle#0');
    assert.equal(ask({ host: 'a.example.com', target: '/else' }), 'shop/wide#0');
    assert.equal(ask({ host: 'b.example.com', target: '/exact' }), 'shop/wide#0');
    assert.equal(ask({ host: 'a.example.org', target: '/exact' }), 'shop/all#0');
  });

  it('lets the wildcard of an Ingress stand for one label, and before that of a route', () => {
    const place = { serves: '*.example.com', own: '*.example.com' };
    const ask = asks(makeRouter, { http: '' }, [
      givenRoute('one', {
        createdMs: 2,
        attachments: [attached('http', [{ ...place, oneLabel: true }])],
        rules: rulesOf(givenMatch({ path: 'Prefix /cart' })),
      }),
      givenRoute('many', { createdMs: 1, attachments: [attached('http', [{ ...place, oneLabel: false }])] }),
    ]);
    assert.equal(ask({ host: 'a.example.com', target: '/cart' }), 'shop/one#0');
    assert.equal(ask({ host: 'a.example.com', target: '/' }), 'shop/many#0');
    assert.equal(ask({ host: 'a.b.example.com', target: '/cart' }), 'shop/many#0');
    assert.equal(ask({ host: 'example.com', target: '/cart' }), null);
  });

  for (const [listener, olderOwn, newerOwn] of [
    ['abc.example.com', '*.example.com', 'abc.example.com'],
    ['*.example.com', '*.com', '*.example.com'],
  ] as const) {
    const serves = listener;
    const on = (own: string) => [attached('http', [{ serves, own, oneLabel: false }])];
    it(`on ${listener} prefers the newer route for ${newerOwn} to the older for ${olderOwn}, whatever their matches`, () => {
      const ask = asks(makeRouter, { http: listener }, [
        givenRoute('older', {
          createdMs: 1,
          attachments: on(olderOwn),
          rules: rulesOf(givenMatch({ path: 'Prefix /path/prefix' })),
        }),
        givenRoute('newer', {
          createdMs: 2,
          attachments: on(newerOwn),
          rules: rulesOf(givenMatch({ path: 'Prefix /path' })),
        }),
      ]);
      assert.equal(ask({ host: 'abc.example.com', target: '/path/prefix' }), 'shop/newer#0');
    });
    it(`on ${listener} asks the route for ${olderOwn} when a header of the better one is missing`, () => {
      const ask = asks(makeRouter, { http: listener }, [
        givenRoute('older', {
          createdMs: 1,
          attachments: on(olderOwn),
          rules: rulesOf(givenMatch({ headers: ['b=1'] })),
        }),
        givenRoute('newer', {
          createdMs: 2,
          attachments: on(newerOwn),
          rules: rulesOf(givenMatch({ headers: ['a=1'] })),
        }),
      ]);
      const both: [string, string][] = [
        ['a', '1'],
        ['b', '1'],
      ];
      assert.equal(ask({ host: 'abc.example.com', fields: both }), 'shop/newer#0');
      assert.equal(ask({ host: 'abc.example.com', fields: [['b', '1']] }), 'shop/older#0');
      assert.equal(ask({ host: 'abc.example.com' }), null);
    });
  }
}

function paths(makeRouter: MakeRouter): void {
  const table: readonly [path: string, request: string, matchedPrefix: number | null][] = [
    ['Exact /one', '/one', -1],
    ['Exact /one', '/one/', null],
    ['Exact /one', '/One', null],
    ['Exact /one/', '/one', null],
    ['Exact /', '/', -1],
    ['Exact /', '/a', null],
    ['Exact /a%2fb', '/a%2fb', -1],
    ['Exact /a%2fb', '/a/b', null],
    ['Prefix /', '/', 0],
    ['Prefix /', '/anything/at/all', 0],
    ['Prefix /', '//', 0],
    ['Prefix /v2', '/v2', 3],
    ['Prefix /v2', '/v2/', 3],
    ['Prefix /v2', '/v2/example', 3],
    ['Prefix /v2', '/v2//', 3],
    ['Prefix /v2', '/v2example', null],
    ['Prefix /v2', '/v', null],
    ['Prefix /v2', '/V2', null],
    ['Prefix /v2', '/v2%2fa', null],
    ['Prefix /a/b', '/a/b/c', 4],
    ['Prefix /a/b', '/a', null],
    ['Prefix /a/b', '/a//b', null],
    ['Regex /a.*', '/a', -1],
    ['Regex /a.*', '/abc/d', -1],
    ['Regex a.*', '/abc', null],
    ['Regex /a', '/ab', null],
    ['Regex /a|/ab', '/ab', -1],
    ['Regex /(?i)ab', '/AB', -1],
    ['Regex .*', '*', null],
    ['Prefix /', '*', null],
  ];
  for (const [path, request, matchedPrefix] of table) {
    it(`${matchedPrefix === null ? 'does not match' : 'matches'} ${request} by ${path}`, () => {
      const router = makeRouter({ http: '' }, [givenRoute('r', { rules: rulesOf(givenMatch({ path })) })]);
      const routed = router.listenerFor('')?.match(givenRequest({ target: request }), () => 0);
      assert.equal(routed?.matchedPrefix ?? null, matchedPrefix);
    });
  }

  it('never looks into the query for a path', () => {
    const ask = asks(makeRouter, { http: '' }, [
      givenRoute('r', { rules: rulesOf(givenMatch({ path: 'Exact /a' }), givenMatch({ path: 'Regex /b' })) }),
    ]);
    assert.equal(ask({ target: '/a?x=/b' }), 'shop/r#0');
    assert.equal(ask({ target: '/b?x' }), 'shop/r#1');
    assert.equal(ask({ target: '/c?/a' }), null);
  });
}

function otherParts(makeRouter: MakeRouter): void {
  const table: readonly [what: string, match: RouteMatch, request: RequestText, matches: boolean][] = [
    ['a method', givenMatch({ method: 'POST' }), { method: 'POST' }, true],
    ['another method', givenMatch({ method: 'GET' }), { method: 'HEAD' }, false],
    ['a method in another case', givenMatch({ method: 'GET' }), { method: 'get' }, false],
    ['a header', givenMatch({ headers: ['version=one'] }), { fields: [['Version', 'one']] }, true],
    [
      'a header value in another case',
      givenMatch({ headers: ['version=one'] }),
      { fields: [['version', 'One']] },
      false,
    ],
    [
      'all of two headers',
      givenMatch({ headers: ['a=1', 'b=2'] }),
      {
        fields: [
          ['b', '2'],
          ['a', '1'],
        ],
      },
      true,
    ],
    ['one of two headers', givenMatch({ headers: ['a=1', 'b=2'] }), { fields: [['a', '1']] }, false],
    [
      'repeated lines, joined',
      givenMatch({ headers: ['a=1, 2'] }),
      {
        fields: [
          ['a', '1'],
          ['a', '2'],
        ],
      },
      true,
    ],
    [
      'only one of repeated lines',
      givenMatch({ headers: ['a=1'] }),
      {
        fields: [
          ['a', '1'],
          ['a', '2'],
        ],
      },
      false,
    ],
    ['a header by pattern', givenMatch({ headers: ['a~v[0-9]+'] }), { fields: [['a', 'v12']] }, true],
    ['a part of a header by pattern', givenMatch({ headers: ['a~v'] }), { fields: [['a', 'v12']] }, false],
    ['a missing header by a pattern for all', givenMatch({ headers: ['a~.*'] }), {}, false],
    [
      'the first of two tests of one header',
      givenMatch({ headers: ['a=1', 'a=2'] }),
      { fields: [['a', '1']] },
      true,
    ],
    ['a parameter', givenMatch({ query: ['animal=whale'] }), { target: '/?animal=whale' }, true],
    [
      'a parameter name in another case',
      givenMatch({ query: ['animal=whale'] }),
      { target: '/?Animal=whale' },
      false,
    ],
    ['the first of repeated parameters', givenMatch({ query: ['a=1'] }), { target: '/?a=1&a=2' }, true],
    ['the second of repeated parameters', givenMatch({ query: ['a=2'] }), { target: '/?a=1&a=2' }, false],
    ['a parameter, decoded', givenMatch({ query: ['a=x y/ü'] }), { target: '/?a=x%20y%2F%C3%BC' }, true],
    ['a parameter with + for a space', givenMatch({ query: ['a=x y'] }), { target: '/?a=x+y' }, true],
    ['a parameter decoded once only', givenMatch({ query: ['a=%41'] }), { target: '/?a=%2541' }, true],
    ['a name, decoded', givenMatch({ query: ['a b=1'] }), { target: '/?a%20b=1' }, true],
    ['an empty parameter', givenMatch({ query: ['a='] }), { target: '/?a' }, true],
    ['a missing parameter by a pattern for all', givenMatch({ query: ['a~.*'] }), { target: '/?b=1' }, false],
    ['a parameter with = in its value', givenMatch({ query: ['a=b=c'] }), { target: '/?a=b=c' }, true],
    ['a parameter behind a semicolon', givenMatch({ query: ['b=1'] }), { target: '/?a=1;b=1' }, false],
  ];
  for (const [what, match, request, matches] of table) {
    it(`${matches ? 'takes' : 'does not take'} ${what}`, () => {
      const ask = asks(makeRouter, { http: '' }, [givenRoute('r', { rules: rulesOf(match) })]);
      assert.equal(ask(request), matches ? 'shop/r#0' : null);
    });
  }

  it('takes a rule when any of its matches holds', () => {
    const rule = givenRule({ matches: [givenMatch({ path: 'Exact /a' }), givenMatch({ headers: ['v=2'] })] });
    const ask = asks(makeRouter, { http: '' }, [givenRoute('r', { rules: [rule] })]);
    assert.equal(ask({ target: '/a' }), 'shop/r#0');
    assert.equal(ask({ target: '/b', fields: [['v', '2']] }), 'shop/r#0');
    assert.equal(ask({ target: '/b' }), null);
  });
}

function precedence(makeRouter: MakeRouter): void {
  const everything: RequestText = {
    target: '/match/exact?a=1&b=2',
    fields: [
      ['a', '1'],
      ['b', '2'],
    ],
  };
  // Each one beats all below it.
  const ranking: readonly RouteMatch[] = [
    givenMatch({ path: 'Exact /match/exact', headers: ['a=1'] }),
    givenMatch({ path: 'Exact /match/exact' }),
    givenMatch({ path: 'Regex /match/e[x]act.*', query: ['a=1'] }),
    givenMatch({ path: 'Regex /match/e[x]act.*' }),
    givenMatch({ path: 'Regex /.*', method: 'GET' }),
    givenMatch({ path: 'Prefix /match/exact' }),
    givenMatch({ path: 'Prefix /match', method: 'GET' }),
    givenMatch({ path: 'Prefix /match', headers: ['a=1', 'b=2'] }),
    givenMatch({ path: 'Prefix /match', headers: ['a=1'], query: ['a=1', 'b=2'] }),
    givenMatch({ path: 'Prefix /match', headers: ['a=1'], query: ['a=1'] }),
    givenMatch({ path: 'Prefix /match', headers: ['a=1'] }),
    givenMatch({ path: 'Prefix /match', query: ['a=1', 'b=2'] }),
    givenMatch({ path: 'Prefix /match', query: ['a=1'] }),
    givenMatch({ path: 'Prefix /match' }),
    givenMatch({ path: 'Prefix /', method: 'GET', headers: ['a=1', 'b=2'] }),
    givenMatch({ path: 'Prefix /' }),
  ];
  for (let from = 0; from < ranking.length - 1; from += 1) {
    it(`ranks match ${from} of the table above all below it, in whatever order they are told`, () => {
      const wanted = ranking.slice(from);
      const backwards = wanted.toReversed();
      const route = givenRoute('r', { rules: rulesOf(...backwards) });
      assert.equal(asks(makeRouter, { http: '' }, [route])(everything), `shop/r#${backwards.length - 1}`);
      const routes = backwards.map((match, index) =>
        givenRoute(`r${index}`, { createdMs: index, rules: rulesOf(match) }),
      );
      assert.equal(asks(makeRouter, { http: '' }, routes)(everything), `shop/r${backwards.length - 1}#0`);
    });
  }

  it('counts two tests of one header as one', () => {
    const ask = asks(makeRouter, { http: '' }, [
      givenRoute('a', { rules: rulesOf(givenMatch({ headers: ['a=1', 'a=9'] })), createdMs: 2 }),
      givenRoute('b', { rules: rulesOf(givenMatch({ headers: ['b=2'] })), createdMs: 1 }),
    ]);
    assert.equal(ask(everything), 'shop/b#0');
  });

  it('prefers the older route, then the first namespace and name, then the first rule', () => {
    const ask = (...routes: Route[]) => asks(makeRouter, { http: '' }, routes)({});
    assert.equal(ask(givenRoute('a', { createdMs: 2 }), givenRoute('b', { createdMs: 1 })), 'shop/b#0');
    assert.equal(ask(givenRoute('b/a'), givenRoute('a/b')), 'a/b#0');
    assert.equal(ask(givenRoute('a/b'), givenRoute('a/a')), 'a/a#0');
    assert.equal(ask(givenRoute('a', { rules: rulesOf(givenMatch(), givenMatch()) })), 'shop/a#0');
  });

  it('prefers the rule told first of two with one exact path and the same headers in another order', () => {
    const path = 'Exact /match/exact';
    const ask = asks(makeRouter, { http: '' }, [
      givenRoute('r', {
        rules: rulesOf(
          givenMatch({ path, headers: ['a=1', 'b=2'] }),
          givenMatch({ path, headers: ['b=2', 'a=1'] }),
        ),
      }),
    ]);
    assert.equal(ask(everything), 'shop/r#0');
  });
}

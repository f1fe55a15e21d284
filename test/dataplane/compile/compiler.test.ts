import { addressKeyDefaults } from '#snapshot/rate-limit.ts';
import { httpPortOf } from '../../given/runtime.ts';
import type { Backend, Rule } from '#dataplane/runtime.ts';
import type { HeaderEdits } from '#snapshot/filter.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { ForwardAction, RedirectAction, WeightedBackend } from '#snapshot/route.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { attached, forwardToNothing, givenMatch, givenRoute, givenRule } from '#test/given/route.ts';
import { givenAuthentication, givenKeySet, issuerKey } from '#test/given/token.ts';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  givenCluster,
  givenCompiler,
  givenEndpoints,
  givenLimit,
  httpListener,
  ruleFor,
} from './given-compiler.ts';

const key = await issuerKey('one');
const edits = (given: Partial<HeaderEdits>): HeaderEdits => ({ set: [], add: [], remove: [], ...given });

function to(...backends: readonly Partial<WeightedBackend>[]): ForwardAction {
  const all = backends.map((backend) => ({ cluster: null, weight: 1, filters: [], mirrors: [], ...backend }));
  return { ...forwardToNothing, backends: all };
}

function picked(rule: Rule | null): Backend | null {
  assert.ok(rule?.action.kind === 'Forward', rule?.action.kind ?? 'no rule');
  return rule.action.pick();
}

function closedBecause(rule: Rule | null): string {
  assert.ok(rule?.action.kind === 'Closed', rule?.action.kind ?? 'no rule');
  return rule.action.reason;
}

describe('a compiled snapshot', () => {
  it('routes to the clusters of the upstreams, with the filters of rule and backend', (t) => {
    const cluster = givenCluster('cart');
    const set = (name: string) => ({
      kind: 'RequestHeaders' as const,
      ...edits({ set: [{ name, value: '1' }] }),
    });
    const response = { kind: 'ResponseHeaders' as const, ...edits({ remove: ['server'] }) };
    const action = to({ cluster: cluster.id, filters: [set('x-backend'), response] });
    const route = givenRoute('cart', {
      rules: [givenRule({ name: 'all', filters: [set('x-rule'), response], action })],
    });
    const compiled = givenCompiler(t).compile(httpListener(), cluster, givenEndpoints('cart', 1), route);

    assert.deepEqual(compiled.refused, []);
    assert.equal(compiled.runtime.version, 'v1');
    const rule = ruleFor(compiled);
    assert.deepEqual([rule?.route, rule?.name], ['HTTPRoute/shop/cart', 'all']);
    const backend = picked(rule);
    assert.equal(backend?.cluster?.name, 'shop/cart:80');
    const exchange = givenExchange();
    for (const filter of [...(rule?.requestFilters ?? []), ...backend.requestFilters]) {
      assert.equal(filter.apply(exchange), null);
    }
    assert.deepEqual(
      [exchange.forwarded.fields.get('x-rule'), exchange.forwarded.fields.get('x-backend')],
      ['1', '1'],
    );
    assert.deepEqual([rule?.responseFilters.length, backend.responseFilters.length], [1, 1]);
  });

  it('closes a rule with what only a newer build knows, and no other', (t) => {
    const waf = { kind: 'Unknown', told: 'Waf' } as const;
    const route = givenRoute('cart', {
      rules: [
        givenRule({ matches: [givenMatch({ path: 'Prefix /filter' })], filters: [waf] }),
        givenRule({
          matches: [givenMatch({ path: 'Prefix /backend' })],
          action: to({}, { filters: [waf] }),
        }),
        givenRule({
          matches: [givenMatch({ path: 'Prefix /action' })],
          action: { kind: 'Unknown', told: 'action Cache' },
        }),
        givenRule({ action: to({}) }),
      ],
    });
    const compiled = givenCompiler(t).compile(httpListener(), route);
    for (const path of ['/filter', '/backend']) {
      assert.equal(closedBecause(ruleFor(compiled, path)), 'the filter Waf is not known to this build');
    }
    const action = closedBecause(ruleFor(compiled, '/action'));
    assert.equal(action, 'the action Cache is not known to this build');
    assert.equal(ruleFor(compiled, '/')?.action.kind, 'Forward');
  });

  it('has a port for each port of its listeners, and tells them apart by hostname', (t) => {
    const compiled = givenCompiler(t).compile(
      httpListener('http'),
      httpListener('other', { port: 8080, hostname: '*.example.com' }),
      givenRoute('a', { attachments: [attached('http', [''])] }),
      givenRoute('b', { attachments: [attached('other', ['*.example.com'])] }),
    );
    assert.deepEqual([...compiled.runtime.ports.keys()], [80, 8080]);
    assert.equal(ruleFor(compiled, '/', { host: 'a.example.com' })?.route, 'HTTPRoute/shop/a');
    assert.equal(ruleFor(compiled, '/', { host: 'a.example.com', port: 8080 })?.route, 'HTTPRoute/shop/b');
    assert.equal(ruleFor(compiled, '/', { host: 'example.com', port: 8080 }), null);
    const served = httpPortOf(compiled.runtime, 8080)?.router.listenerFor('a.example.com')?.listener;
    assert.deepEqual(served, {
      name: 'other',
      port: 8080,
      hostname: '*.example.com',
      requestFilters: [],
    });
  });

  it('redirects to the port of the listener that was asked', (t) => {
    const action: RedirectAction = {
      kind: 'Redirect',
      status: 301,
      scheme: null,
      hostname: null,
      port: null,
      path: null,
    };
    const compiled = givenCompiler(t).compile(
      httpListener('http'),
      httpListener('other', { port: 8080 }),
      givenRoute('r', {
        attachments: [attached('http', ['']), attached('other', [''])],
        rules: [givenRule({ action })],
      }),
    );
    for (const [port, location] of [
      [80, 'http://example.com/a'],
      [8080, 'http://example.com:8080/a'],
    ] as const) {
      const rule = ruleFor(compiled, '/a', { port });
      assert.ok(rule?.action.kind === 'Redirect');
      const { fields } = rule.action.apply(givenExchange(givenRequest({ target: '/a' })));
      assert.equal(fields.get('location'), location);
    }
  });

  it('keeps the order: limits by address, authentication, other limits, edits as told', (t) => {
    const address = givenLimit('address', { kind: 'ClientAddress', ...addressKeyDefaults });
    const claim = givenLimit('claim', { kind: 'Claim', claim: 'sub', onUnknown: 'Skip' });
    const header = givenLimit('header', { kind: 'Header', header: 'a', onUnknown: 'Skip' });
    const authentication = givenAuthentication();
    const rule = givenRule({
      filters: [
        { kind: 'Rewrite', hostname: 'b', path: null },
        { kind: 'RequestHeaders', ...edits({ remove: ['a'] }) },
      ],
      authentications: [authentication.id],
      rateLimits: [claim.id, address.id, header.id],
    });
    const compiled = givenCompiler(t).compile(
      httpListener(),
      address,
      claim,
      header,
      authentication,
      givenKeySet('ids', key),
      givenRoute('r', { rules: [rule] }),
    );
    assert.deepEqual(
      ruleFor(compiled)?.requestFilters.map(({ kind }) => kind),
      [
        'RateLimit shop/limits/address',
        'Authentication',
        'RateLimit shop/limits/claim',
        'RateLimit shop/limits/header',
        'Plan',
        'Metering',
        'Rewrite',
        'RequestHeaders',
      ],
    );
  });

  it('gives the default time-outs where a route says nothing', (t) => {
    const timeouts = (
      requestMs: number | null,
      backendRequestMs: number | null,
      headMs: number | null = null,
    ) => {
      const action = { ...to({}), timeouts: { requestMs, backendRequestMs, headMs } };
      const rule = ruleFor(
        givenCompiler(t).compile(httpListener(), givenRoute('r', { rules: [givenRule({ action })] })),
      );
      assert.ok(rule?.action.kind === 'Forward');
      const { requestTimeoutMs, backendTimeoutMs, headTimeoutMs } = rule.action;
      return [requestTimeoutMs, backendTimeoutMs, headTimeoutMs];
    };
    assert.deepEqual(timeouts(null, null), [0, 0, 60_000]);
    assert.deepEqual(timeouts(null, null, 5000), [0, 0, 5000]);
    assert.deepEqual(timeouts(1000, 500, 250), [1000, 500, 250]);
    assert.deepEqual(timeouts(500, null), [500, 0, 0]);
    assert.deepEqual(timeouts(300_000, null), [300_000, 0, 0]);
    assert.deepEqual(timeouts(0, null), [0, 0, 0]);
    assert.deepEqual(timeouts(null, 500), [0, 500, 0]);
    assert.deepEqual(timeouts(null, 0), [0, 0, 0]);
    assert.deepEqual(timeouts(500, 0), [500, 0, 0]);
    assert.deepEqual(timeouts(500, 900), [500, 500, 0]);
    assert.deepEqual(timeouts(900, 500), [900, 500, 0]);
  });
});

describe('a rule that cannot be enforced as told is closed', () => {
  const somewhere = resourceId('Authentication', 'nowhere');
  const table = {
    'an authentication that is not there': [
      givenRule({ authentications: [somewhere] }),
      /Authentication\/nowhere/,
    ],
    'a rate limit that is not there': [
      givenRule({ rateLimits: [resourceId('RateLimit', 'nowhere')] }),
      /RateLimit\/nowhere/,
    ],
    'an authentication that is not there before a redirect': [
      givenRule({
        authentications: [somewhere],
        action: { kind: 'Redirect', status: 302, scheme: null, hostname: 'a', port: null, path: null },
      }),
      /nowhere/,
    ],
    'edits that would break the head': [
      givenRule({
        filters: [{ kind: 'ResponseHeaders', ...edits({ add: [{ name: 'a', value: '1\r\nb: 2' }] }) }],
      }),
      /value for a/,
    ],
    'edits of a backend that would break the head': [
      givenRule({
        action: to({
          filters: [{ kind: 'RequestHeaders', ...edits({ set: [{ name: 'te', value: 'x' }] }) }],
        }),
      }),
      /field te/,
    ],
    'what the control plane closed': [
      givenRule({ action: { kind: 'Closed', reason: 'a policy is bad' } }),
      /a policy is bad/,
    ],
  } as const;
  for (const [what, [rule, reason]] of Object.entries(table)) {
    it(`for ${what}, and its neighbours stay open`, (t) => {
      const open = givenRule({
        name: 'open',
        matches: [givenMatch({ path: 'Prefix /open' })],
        action: to({}),
      });
      const compiled = givenCompiler(t).compile(httpListener(), givenRoute('r', { rules: [rule, open] }));
      assert.match(closedBecause(ruleFor(compiled)), reason);
      assert.deepEqual(ruleFor(compiled)?.requestFilters, []);
      assert.notEqual(picked(ruleFor(compiled, '/open')), null);
    });
  }

  it('and a cluster that is not there takes its share of the requests and fails them', (t) => {
    const cluster = givenCluster('cart');
    const action = to({ cluster: cluster.id, weight: 3 }, { cluster: givenCluster('gone').id, weight: 1 });
    const compiled = givenCompiler(t).compile(
      httpListener(),
      cluster,
      givenRoute('r', { rules: [givenRule({ action })] }),
    );
    const names = Array.from({ length: 4 }, () => picked(ruleFor(compiled))?.cluster?.name ?? 'none');
    assert.deepEqual(names.toSorted(), ['none', 'shop/cart:80', 'shop/cart:80', 'shop/cart:80']);
  });

  it('and a rule without a backend, or with weights of 0 alone, has none', (t) => {
    for (const action of [to(), to({ weight: 0 }, { weight: 0 })]) {
      const compiled = givenCompiler(t).compile(
        httpListener(),
        givenRoute('r', { rules: [givenRule({ action })] }),
      );
      assert.equal(picked(ruleFor(compiled)), null);
    }
  });
});

describe('a snapshot compiled after another', () => {
  const listener = httpListener();
  const authentication = givenAuthentication();
  const keySet = givenKeySet('ids', key);
  const limit = givenLimit('claim', { kind: 'Claim', claim: 'sub', onUnknown: 'Skip' });
  const cart = givenCluster('cart');
  const guarded = givenRoute('guarded', {
    attachments: [attached('http', ['guarded.example'])],
    rules: [
      givenRule({
        authentications: [authentication.id],
        rateLimits: [limit.id],
        action: to({ cluster: cart.id }),
      }),
    ],
  });
  const plain = givenRoute('plain', {
    attachments: [attached('http', ['plain.example'])],
    rules: [givenRule({ action: to({}) })],
  });
  const withPlain = (route: typeof plain) => [listener, authentication, keySet, limit, cart, guarded, route];
  const all = withPlain(plain);
  const rules = (compiled: Parameters<typeof ruleFor>[0]) => ({
    guarded: ruleFor(compiled, '/', { host: 'guarded.example' }),
    plain: ruleFor(compiled, '/', { host: 'plain.example' }),
  });

  it('takes over every rule when nothing changed but endpoints', (t) => {
    const { compile } = givenCompiler(t);
    const portOf = (rule: Rule | null) => picked(rule)?.cluster?.pick(0, [])?.port;
    const before = rules(compile(...all, givenEndpoints('cart', 1)));
    assert.equal(portOf(before.guarded), 1);
    const after = rules(compile(...all, givenEndpoints('cart', 2)));
    assert.equal(portOf(after.guarded), 2);
    assert.notEqual(before.guarded, null);
    assert.equal(after.guarded, before.guarded);
    assert.equal(after.plain, before.plain);
  });

  it('makes new rules for the route that changed, and for no other', (t) => {
    const { compile } = givenCompiler(t);
    const before = rules(compile(...all));
    const after = rules(
      compile(...withPlain({ ...plain, rules: [givenRule({ name: 'new', action: to({}) })] })),
    );
    assert.equal(after.plain?.name, 'new');
    assert.equal(after.guarded, before.guarded);
  });

  for (const [what, changed] of [
    ['an authentication', { ...authentication, policy: 'shop/new' }],
    ['a key set', { ...keySet, refreshable: false }],
    ['a rate limit', { ...limit, mode: 'Shadow' as const }],
  ] as const) {
    it(`makes new rules where ${what} changed, and where not, not`, (t) => {
      const { compile } = givenCompiler(t);
      const before = rules(compile(...all));
      const after = rules(compile(...all.map((one) => (one.id === changed.id ? changed : one))));
      assert.notEqual(after.guarded, before.guarded);
      assert.notDeepEqual(after.guarded?.requestFilters, []);
      assert.equal(after.plain, before.plain);
    });
  }

  it('closes a rule when its authentication leaves, and opens it when it comes back', (t) => {
    const { compile } = givenCompiler(t);
    compile(...all);
    closedBecause(rules(compile(...all.filter((one) => one !== authentication))).guarded);
    const [first] = rules(compile(...all)).guarded?.requestFilters ?? [];
    assert.equal(first?.kind, 'Authentication');
  });

  it('fails what goes to a cluster that has left, and forwards again when it is back', (t) => {
    const { compile } = givenCompiler(t);
    compile(...all);
    assert.equal(picked(rules(compile(...all.filter((one) => one !== cart))).guarded)?.cluster, null);
    assert.equal(picked(rules(compile(...all)).guarded)?.cluster?.name, 'shop/cart:80');
  });

  it('closes the port of a listener that has left, and forgets its routes', (t) => {
    const { compile } = givenCompiler(t);
    compile(...all);
    assert.equal(compile(...all.filter((one) => one !== listener)).runtime.ports.size, 0);
    const without = compile(...all.filter((one) => one !== plain));
    assert.equal(rules(without).plain, null);
  });

  it('refuses a route whose pattern is none, keeps what was good of it, and lets it go with its id', (t) => {
    const { compile } = givenCompiler(t);
    const bad = { ...plain, rules: [givenRule({ matches: [givenMatch({ path: 'Regex (' })] })] };
    const first = compile(...withPlain(bad));
    assert.deepEqual(
      first.refused.map(({ id }) => id),
      [plain.id],
    );
    assert.equal(rules(first).plain, null);
    assert.notEqual(rules(first).guarded, null);

    const good = rules(compile(...all));
    const second = compile(...withPlain(bad));
    assert.deepEqual(
      second.refused.map(({ id }) => id),
      [plain.id],
    );
    assert.match(second.refused[0]?.reason ?? '', /missing closing/);
    assert.equal(rules(second).plain, good.plain);
    assert.deepEqual(compile(...withPlain(bad)).refused.length, 1, 'told as long as it is so');

    compile(...all.slice(0, -1));
    assert.equal(rules(compile(...withPlain(bad))).plain, null);
  });
});

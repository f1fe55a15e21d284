import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { RequestFilter } from '#dataplane/http/exchange.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { ListenerFilter } from '#snapshot/listener.ts';
import { addressKeyDefaults } from '#snapshot/rate-limit.ts';
import type { Resource } from '#snapshot/snapshot.ts';
import { verdictOf } from '#dataplane/proxy/request-filters.ts';
import { givenExchange } from '#test/given/request.ts';
import { attached, givenRoute, givenRule } from '#test/given/route.ts';
import { httpPortOf } from '#test/given/runtime.ts';
import { givenAuthentication, givenJwt, givenKeySet, issuerKey } from '#test/given/token.ts';
import { givenCompiler, givenLimit, httpListener, ruleFor } from './given-compiler.ts';

const limit = givenLimit('slow', { kind: 'ClientAddress', ...addressKeyDefaults });
const keySet = givenKeySet('staff', await issuerKey('one'));
const authentication = givenAuthentication(givenJwt());

const limiting = (id: ResourceId): ListenerFilter => ({ kind: 'Limit', rateLimit: id });
const authenticating = (id: ResourceId): ListenerFilter => ({ kind: 'Authenticate', authentication: id });

function compiled(t: TestContext, filters: readonly ListenerFilter[], ...more: readonly Resource[]) {
  return givenCompiler(t).compile(
    httpListener('http', { filters }),
    givenRoute('a', { attachments: [attached('http', [''])], rules: [givenRule()] }),
    ...more,
  );
}

function filtersOf(...given: Parameters<typeof compiled>): readonly RequestFilter[] {
  const port = httpPortOf(compiled(...given).runtime, 80);
  return port?.router.listenerFor('a.example.com')?.listener.requestFilters ?? [];
}

describe('the filters of a listener', () => {
  it("stand in its order, which is nobody else's to change", (t) => {
    const some = [limiting(limit.id), authenticating(authentication.id), limiting(limit.id)];
    const kinds = filtersOf(t, some, limit, authentication, keySet).map(({ kind }) => kind);
    const ofLimit = `RateLimit ${limit.name}`;
    assert.deepEqual(kinds, [ofLimit, 'Authentication', ofLimit]);
  });

  const closing: Readonly<Record<string, readonly [ListenerFilter, RegExp]>> = {
    'what the control plane closed': [{ kind: 'Closed', reason: 'nobody to ask' }, /^nobody to ask$/],
    'what only a newer build knows': [
      { kind: 'Unknown', told: 'filter Wasm' },
      /^the filter Wasm is not known/,
    ],
    'an authentication that is not there': [authenticating(authentication.id), /is not in the snapshot$/],
    'a rate limit that is not there': [limiting(limit.id), /is not in the snapshot$/],
  };
  for (const [what, [filter, detail]] of Object.entries(closing)) {
    it(`let nothing pass with ${what}`, async (t) => {
      const [only] = filtersOf(t, [filter]);
      assert(only !== undefined);
      const verdict = await verdictOf(only, givenExchange());
      assert(verdict?.kind === 'ListenerClosed');
      assert.match(verdict.detail, detail);
    });
  }

  it('have plans hold for who calls, where one of them finds that out', (t) => {
    const kindsOf = (...filters: readonly ListenerFilter[]) => {
      const found = compiled(t, filters, limit, authentication, keySet);
      return ruleFor(found, '/')?.requestFilters.map(({ kind }) => kind);
    };
    assert.deepEqual(kindsOf(), []);
    assert.deepEqual(kindsOf(limiting(limit.id)), []);
    assert.deepEqual(kindsOf(authenticating(authentication.id)), ['Plan', 'Metering']);
  });
});

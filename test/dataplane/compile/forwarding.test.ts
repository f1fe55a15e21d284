// How a rule forwards: its retries, its further attempts, its mirrors.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forwardToNothing, givenRoute, givenRule } from '#test/given/route.ts';
import { givenCluster, givenCompiler, givenEndpoints, httpListener, ruleFor } from './given-compiler.ts';
import type { Forward } from '#dataplane/runtime.ts';
import type { ForwardAction, Mirror, RouteRetry } from '#snapshot/route.ts';
import type { TestContext } from 'node:test';

const cluster = givenCluster('cart');
const retry: RouteRetry = {
  attempts: 2,
  codes: [502, 503],
  grpcCodes: [8, 14],
  conditions: ['ConnectFailure', 'Timeout'],
  backoffMs: 10,
  backoffMsMax: 40,
  perTryMs: 0,
};

function forwardOf(t: TestContext, changes: Partial<ForwardAction>): Forward {
  const backends = [{ cluster: cluster.id, weight: 1, filters: [], mirrors: [] }];
  const route = givenRoute('cart', {
    rules: [givenRule({ action: { ...forwardToNothing, backends, ...changes } })],
  });
  const compiled = givenCompiler(t).compile(httpListener(), cluster, givenEndpoints('cart', 1), route);
  const action = ruleFor(compiled)?.action;
  assert.ok(action?.kind === 'Forward');
  return action;
}

describe('a rule that forwards', () => {
  it('has no retries, no further attempts and no mirrors of its own unless it says so', (t) => {
    const forward = forwardOf(t, {});
    assert.deepEqual([forward.retry, forward.hedge, forward.pick()?.mirrors], [null, null, []]);
  });

  it('says when a request is sent again', (t) => {
    const compiled = forwardOf(t, { retry });
    assert.deepEqual(
      [compiled.retry?.attempts, compiled.retry?.backoffMs, compiled.retry?.backoffMsMax],
      [2, 10, 40],
    );
    assert.deepEqual([...(compiled.retry?.codes ?? [])], [502, 503]);
    assert.deepEqual([...(compiled.retry?.grpcCodes ?? [])], [8, 14]);
    assert.deepEqual([...(compiled.retry?.conditions ?? [])], ['ConnectFailure', 'Timeout']);
    assert.equal(compiled.backendTimeoutMs, 0);
  });

  it('gives one try the lesser of its own time and that of the backend', (t) => {
    const times = { requestMs: 900, headMs: null };
    for (const [backendRequestMs, perTryMs, expected] of [
      [null, 50, 50],
      [0, 50, 50],
      [30, 50, 30],
      [80, 50, 50],
      [80, 0, 80],
    ] as const) {
      const action = forwardOf(t, {
        retry: { ...retry, perTryMs },
        timeouts: { ...times, backendRequestMs },
      });
      assert.deepEqual([action.backendTimeoutMs, action.requestTimeoutMs], [expected, 900]);
    }
  });

  it('begins another attempt beside a slow one when it says so', (t) => {
    const { hedge } = forwardOf(t, { hedge: { afterMs: 20, attemptsMax: 1 } });
    assert.deepEqual(hedge, { afterMs: 20, attemptsMax: 1 });
  });

  it('copies to the mirrors that are there, by their share: its own before those of the backend', (t) => {
    const quarter = { cluster: cluster.id, numerator: 1, denominator: 4 };
    const half = { ...quarter, numerator: 2 };
    const gone = { ...quarter, cluster: givenCluster('gone').id };
    const backend = { cluster: cluster.id, weight: 1, filters: [], mirrors: [half, gone] };
    const copied = (mirrors: readonly Mirror[]) =>
      forwardOf(t, { backends: [backend], mirrors })
        .pick()
        ?.mirrors.map(({ cluster: { name }, share }) => [name, share]);
    assert.deepEqual(copied([gone, quarter]), [
      ['shop/cart:80', 0.25],
      ['shop/cart:80', 0.5],
    ]);
    assert.deepEqual(copied([]), [['shop/cart:80', 0.5]]);
  });
});

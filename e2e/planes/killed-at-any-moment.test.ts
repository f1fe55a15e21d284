// The same edits of objects of every kind, once undisturbed and then with controllers killed at moments that a seed
// draws: who starts afterwards tells and serves the same. TURNPIKE_SEED repeats a run.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { gatewayKey } from '#snapshot/ids.ts';
import { eventually } from '../cluster/eventually.ts';
import { jsonLines } from '../cluster/json-lines.ts';
import { additions, edits, kindsWithStatus, startingObjects } from '../turnpike/every-kind.ts';
import { kindPath } from '../turnpike/object-path.ts';
import { httpRoute } from '../turnpike/objects.ts';
import { tokenOf, turnpikeAudience } from '../turnpike/service-account.ts';
import { snapshotLines } from '../turnpike/snapshot-client.ts';
import { Turnpike } from '../turnpike/turnpike.ts';
import type { TestContext } from 'node:test';
import type { ReadableStream } from 'node:stream/web';
import type { SnapshotAsk } from '../turnpike/snapshot-client.ts';
import type { Controller } from '../turnpike/controller.ts';
import type { Edit } from '../turnpike/every-kind.ts';
import type { ApplicableObject } from '../turnpike/turnpike.ts';

const seed = Number(process.env['TURNPIKE_SEED'] ?? Date.now() % 1_000_000);

/** Who dies, how often; `stays`: it does not start again, and the other replica takes the lead. */
const rounds = [
  { who: 'the leader, for good', all: false, times: 1, stays: true },
  { who: 'both, again and again', all: true, times: 2, stays: false },
] as const;
type Round = (typeof rounds)[number];

/** Changes of these are counted: a moment is after so many of them, edits and statuses alike. */
const watched = ['Gateway', 'ListenerSet', 'HTTPRoute', 'AuthPolicy', 'RateLimitPolicy'];

/** How many looks in a row must be the same: what is still to be written would show. */
const looksMin = 4;

interface StatusHolder {
  readonly metadata: { readonly namespace?: string; readonly name: string; readonly generation: number };
  readonly status?: unknown;
}

/** What is told, by object, and what is served, by replica and data plane. */
interface State {
  readonly statuses: Readonly<Record<string, unknown>>;
  /** Each line of the snapshot that a replica sends, the same of both. */
  readonly snapshot: readonly string[];
  /** Different versions that replicas publish and data planes serve; one, unless somebody lags. */
  readonly versions: number;
}

describe(`controllers that are killed at any moment (seed ${seed})`, () => {
  const stopping = new AbortController();
  let turnpike: Turnpike;
  let reading: Omit<SnapshotAsk, 'controller'>;
  let start: readonly ApplicableObject[];
  let script: readonly Edit[];
  let undisturbed: State;
  let changes = 0;
  let changesUndisturbed = 0;
  let onChange = (): void => {};
  let last = 0;

  before(async () => {
    turnpike = await Turnpike.serve(1);
    reading = await reader();
    start = await startingObjects();
    const authority = start.find(({ metadata }) => metadata.name === 'authority-to-be');
    script = edits((authority as unknown as { readonly data: Record<string, string> }).data['ca.crt'] ?? '');
    await Promise.all(watched.map(count));
  });
  afterEach((test) => turnpike.tellFailure(test as TestContext));
  after(async () => {
    stopping.abort();
    await turnpike?.stop();
  });

  /** What one shows who reads the snapshot of Gateway edge. */
  async function reader(): Promise<Omit<SnapshotAsk, 'controller'>> {
    const { data } = (await turnpike.get('configmap/turnpike-ca', 'turnpike-system')) as {
      readonly data: Readonly<Record<string, string>>;
    };
    const account = { namespace: 'default', name: 'edge-turnpike' };
    const token = await tokenOf(turnpike.cluster, account, turnpikeAudience);
    return { ca: data['ca.crt'] ?? '', token, gateway: gatewayKey('default', 'edge') };
  }

  /** Counts changes of the kind from now on. */
  async function count(kind: string): Promise<void> {
    const { signal } = stopping;
    const response = await turnpike.cluster.fetch(`${kindPath(kind)}?watch=true`, { signal });
    const counting = async () => {
      for await (const _ of jsonLines(response.body as ReadableStream<Uint8Array>)) {
        changes += 1;
        onChange();
      }
    };
    counting().catch(() => assert.ok(signal.aborted, `the watch of ${kind} has ended`));
  }

  /** Resolves when so many changes more have been seen. */
  function changed(more: number): Promise<void> {
    const wanted = changes + more;
    return new Promise((resolve) => {
      onChange = () => {
        if (changes === wanted) resolve();
      };
    });
  }

  async function begin(): Promise<void> {
    for (const name of additions) await turnpike.remove(name);
    // Who is older counts, so the first time one comes after the other.
    if (last === 0) for (const object of start) await turnpike.put(object);
    else await Promise.all(start.map((object) => turnpike.put(object)));
    await settled(null);
  }

  async function runScript(): Promise<void> {
    for (const edit of script) await (typeof edit === 'string' ? turnpike.remove(edit) : turnpike.put(edit));
  }

  /** One more change of a route that is none of the objects'. */
  async function touch(): Promise<void> {
    last += 1;
    await turnpike.put(httpRoute('last', `/last/${last}`, 'nobody') as ApplicableObject);
  }

  /**
   * Resolves when whoever leads now has told of one more change, and all has stayed the same for some looks: as `wanted`,
   * if told. Rejects with what is not.
   */
  async function settled(wanted: State | null): Promise<State> {
    await touch();
    let seen: { state: State | null; times: number } = { state: null, times: 0 };
    return eventually('statuses and snapshots stay as they are', async () => {
      const state = await look();
      seen = { state, times: isDeepStrictEqual(state, seen.state) ? seen.times + 1 : 1 };
      const ended =
        wanted === null ? state.versions === 1 && isOfNow(state) : isDeepStrictEqual(state, wanted);
      return ended && seen.times >= looksMin ? state : undefined;
    }).catch((cause: unknown) => {
      if (wanted !== null) assert.deepEqual(seen.state, wanted);
      throw new Error(`nothing comes to rest: ${JSON.stringify(seen.state)}`, { cause });
    });
  }

  /** Whether every object has a status, of what it is now. */
  function isOfNow({ statuses }: State): boolean {
    return !Object.values(statuses).includes(null) && !JSON.stringify(statuses).includes('"stale"');
  }

  async function look(): Promise<State> {
    const statuses = await Promise.all(kindsWithStatus.map(statusesOf));
    const running = turnpike.controllers.filter((one) => one.running);
    const snapshots = await Promise.all(running.map(snapshotOf));
    const [snapshot = []] = snapshots;
    for (const other of snapshots) assert.deepEqual(other, snapshot);
    const versions = await Promise.all(running.map(versionsAt));
    return {
      statuses: Object.fromEntries(statuses.flat()),
      snapshot,
      versions: new Set(versions.flat()).size,
    };
  }

  async function statusesOf(kind: string): Promise<readonly (readonly [string, unknown])[]> {
    const response = await turnpike.cluster.fetch(kindPath(kind));
    const { items } = (await response.json()) as { readonly items: readonly StatusHolder[] };
    return items.map((one) => [`${kind} ${one.metadata.namespace ?? ''}/${one.metadata.name}`, meaning(one)]);
  }

  async function snapshotOf({ url }: Controller): Promise<readonly string[]> {
    const lines = await snapshotLines({ ...reading, controller: url });
    // The route that ends each round has another path each time, and nothing else.
    return lines.map((line) => line.replaceAll(/\/last\/\d+/g, '/last/N'));
  }

  async function versionsAt({ address }: Controller): Promise<readonly unknown[]> {
    const response = await fetch(`http://${address}:9902/config`);
    const { gateways } = (await response.json()) as {
      readonly gateways: Record<string, { version: string; dataPlanes: { name: string; version: string }[] }>;
    };
    const edge = gateways['default/edge'];
    const served = edge?.dataPlanes.filter(({ name }) => name.startsWith('data-plane-')) ?? [];
    return [edge?.version, ...served.map(({ version }) => version)];
  }

  async function kill({ all }: Round): Promise<readonly Controller[]> {
    const dying = all ? turnpike.controllers : [await turnpike.leader()];
    await Promise.all(dying.map((one) => one.kill()));
    // Nobody waits for the end of the lease of one who is dead.
    const place = '/apis/coordination.k8s.io/v1/namespaces/turnpike-system/leases/turnpike-controller';
    await turnpike.cluster.fetch(place, {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: JSON.stringify({ spec: { leaseDurationSeconds: 1 } }),
    });
    return dying;
  }

  it('tell and serve this when none is', async () => {
    await begin();
    const before = changes;
    await runScript();
    undisturbed = await settled(null);
    changesUndisturbed = changes - before;
    const { statuses, snapshot } = undisturbed;
    const kinds = new Set(Object.keys(statuses).map((name) => name.split(' ')[0]));
    assert.deepEqual([...kinds], kindsWithStatus);
    assert.match(JSON.stringify(statuses['HTTPRoute default/early']), /BackendNotFound/);
    assert.match(JSON.stringify(statuses['HTTPRoute default/lost']), /"status":"True","type":"ResolvedRefs"/);
    assert.ok(snapshot.length > 15, `${snapshot.length} resources`);
  });

  for (const [number, round] of rounds.entries()) {
    it(`tell and serve the same when who dies is ${round.who}`, async (test) => {
      await begin();
      const moments = Array.from({ length: round.times }, (_, at) => {
        return 1 + draw(number, at, changesUndisturbed);
      });
      test.diagnostic(`after ${moments.join(' and then ')} of ${changesUndisturbed} changes`);
      const over = new AbortController();
      const kills = (async () => {
        for (const more of moments) {
          await changed(more);
          const dead = await kill(round);
          if (!round.stays) await Promise.all(dead.map((one) => one.start()));
        }
      })().finally(() => over.abort());
      await runScript();
      // Nobody tells anything while all are dead: the moments come all the same.
      while (!over.signal.aborted) await touch();
      await kills;
      await settled(undisturbed);
      await Promise.all(turnpike.controllers.filter((one) => !one.running).map((one) => one.start()));
    });
  }
});

/** Of the status: what does not count edits or tell the time. */
function meaning({ metadata: { generation }, status }: StatusHolder): unknown {
  if (status === undefined) return null;
  return JSON.parse(
    JSON.stringify(status, (key, value: unknown) => {
      if (key === 'lastTransitionTime') return undefined;
      if (key === 'observedGeneration') return value === generation ? 'of now' : 'stale';
      return value;
    }),
  );
}

/** From 0 to `max` - 1, by the seed. */
function draw(round: number, at: number, max: number): number {
  const hash = createHash('sha256').update(`${seed} ${round} ${at}`).digest();
  return hash.readUInt32BE() % max;
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaseElection } from '#controller/election/lease-election.ts';
import { ManualClock } from '#test/given/clock.ts';
import type { LeaseClient } from '#controller/election/lease-election.ts';
import type { Lease } from '#controller/kube/lease-client.ts';

/** One Lease in memory with optimistic locking. */
class Leases {
  lease: Lease | null = null;
  #version = 0;

  /** A client that fails while `broken` says so; 'Hang' never answers. */
  client(broken: () => 'No' | 'Yes' | 'Hang' = () => 'No'): LeaseClient {
    const call = async <T>(run: () => T): Promise<T> => {
      if (broken() === 'Hang') return new Promise(() => undefined);
      if (broken() === 'Yes') throw new Error('broken');
      return run();
    };
    const save = (lease: Lease): Lease => {
      this.#version += 1;
      this.lease = { ...lease, resourceVersion: String(this.#version) };
      return this.lease;
    };
    return {
      read: () => call(() => this.lease),
      create: (lease) =>
        call(() => {
          if (this.lease !== null) throw new Error('exists');
          return save(lease);
        }),
      update: (lease) =>
        call(() => {
          if (this.lease?.resourceVersion !== lease.resourceVersion) throw new Error('conflict');
          return save(lease);
        }),
    };
  }
}

function replica(leases: Leases, clock: ManualClock, identity: string, broken?: () => 'No' | 'Yes' | 'Hang') {
  const seen = {
    leads: 0,
    follows: 0,
    holder: null as string | null,
    address: null as string | null,
    problems: 0,
  };
  const election = new LeaseElection({
    client: leases.client(broken),
    clock,
    random: () => 0.5,
    identity,
    address: () => `${identity}:8443`,
    onLead: () => (seen.leads += 1),
    onFollow: () => (seen.follows += 1),
    onHolder(holder) {
      seen.holder = holder?.identity ?? null;
      seen.address = holder?.address ?? null;
    },
    report: () => (seen.problems += 1),
  });
  return { election, seen };
}

test('one of several replicas leads, and the others know where it is', async () => {
  const leases = new Leases();
  const clock = new ManualClock();
  const a = replica(leases, clock, 'a');
  const b = replica(leases, clock, 'b');
  a.election.start();
  b.election.start();
  await clock.pass(60_000);
  assert.equal(a.seen.leads + b.seen.leads, 1);
  assert.equal(a.election.leading, true);
  assert.equal(b.seen.holder, 'a');
  assert.equal(b.seen.address, 'a:8443');
  assert.equal(leases.lease?.transitions, 0);
});

test('a leader that stops gives the lease back, and another leads within a retry', async () => {
  const leases = new Leases();
  const clock = new ManualClock();
  const a = replica(leases, clock, 'a');
  const b = replica(leases, clock, 'b');
  a.election.start();
  await clock.pass(100);
  b.election.start();
  await clock.pass(5_000);
  await a.election.stop();
  assert.equal(a.seen.follows, 1);
  assert.equal(leases.lease?.holder, '');
  await clock.pass(2_500);
  assert.equal(b.election.leading, true);
  assert.equal(leases.lease?.transitions, 1);
});

test('the lease of a leader that died is taken over after its duration, not before', async () => {
  const leases = new Leases();
  const clock = new ManualClock();
  let dead = false;
  const a = replica(leases, clock, 'a', () => (dead ? 'Yes' : 'No'));
  const b = replica(leases, clock, 'b');
  a.election.start();
  await clock.pass(100);
  b.election.start();
  await clock.pass(10_000);
  dead = true;
  await clock.pass(12_000);
  assert.equal(b.election.leading, false);
  await clock.pass(8_000);
  assert.equal(b.election.leading, true);
});

for (const way of ['Yes', 'Hang'] as const) {
  test(`a leader that cannot renew (${way}) steps down after 10 s, before another can lead`, async () => {
    const leases = new Leases();
    const clock = new ManualClock();
    let broken: 'No' | 'Yes' | 'Hang' = 'No';
    const a = replica(leases, clock, 'a', () => broken);
    const b = replica(leases, clock, 'b');
    a.election.start();
    await clock.pass(100);
    b.election.start();
    await clock.pass(10_000);
    broken = way;
    let both = 0;
    for (let step = 0; step < 300; step += 1) {
      await clock.pass(100);
      if (a.election.leading && b.election.leading) both += 1;
    }
    assert.equal(both, 0);
    assert.equal(a.seen.follows, 1);
    assert.equal(b.election.leading, true);
  });
}

test('clocks that disagree do not matter: a lease counts from when it was seen to change', async () => {
  const leases = new Leases();
  const ahead = new ManualClock(Date.UTC(2040, 0, 1));
  const clock = new ManualClock();
  const a = replica(leases, clock, 'a');
  const b = replica(leases, ahead, 'b');
  a.election.start();
  await clock.pass(100);
  b.election.start();
  for (let step = 0; step < 300; step += 1) {
    await clock.pass(100);
    await ahead.pass(100);
    assert.equal(b.election.leading, false);
  }
});

test('failures are told once, not at every retry', async () => {
  const clock = new ManualClock();
  const { election, seen } = replica(new Leases(), clock, 'a', () => 'Yes');
  election.start();
  await clock.pass(20_000);
  assert.equal(seen.problems, 1);
});

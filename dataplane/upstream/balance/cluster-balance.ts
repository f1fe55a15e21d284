// How the endpoints of a cluster are chosen, by its settings.
import { outlierDefaults } from '#snapshot/cluster-defaults.ts';
import { EndpointChoice } from './endpoint-choice.ts';
import { hashKeyOf } from './hash-key.ts';
import { leastRequest } from './least-request.ts';
import { maglev } from './maglev.ts';
import { Nearby } from './nearby.ts';
import { roundRobin } from './round-robin.ts';
import type { Balance, Cluster } from '#snapshot/cluster.ts';
import type { UpstreamEndpoint } from '../endpoint.ts';
import type { UpstreamSurroundings } from '../surroundings.ts';
import type { Balancer, Random } from './balancer.ts';
import type { HashKey } from './hash-key.ts';

/** What of a request decides where it goes; null where nothing does. */
export function hashKeyFor({ balance }: Cluster): HashKey | null {
  return balance.kind === 'ConsistentHash' ? hashKeyOf(balance.by) : null;
}

/** A choice of endpoints that has none yet. */
export function choiceFor(cluster: Cluster, around: UpstreamSurroundings): EndpointChoice<UpstreamEndpoint> {
  const { balance } = cluster;
  const nearby = new Nearby<UpstreamEndpoint>(around);
  // A hash leads to the same one from every data plane, whatever the order in which each has heard of them.
  const ordered = (members: readonly UpstreamEndpoint[]) =>
    balance.kind === 'ConsistentHash' ? members.toSorted(byName) : members;
  return new EndpointChoice(balancerFor(balance, around.random), {
    panicPercent: panicPercentOf(cluster),
    prefer: (members) => nearby.prefer(ordered(members)),
  });
}

function byName(one: UpstreamEndpoint, other: UpstreamEndpoint): number {
  return one.name < other.name ? -1 : 1;
}

/** All that {@link hashKeyFor} and {@link choiceFor} go by, as plain data. */
export function balanceTerms(cluster: Cluster): unknown {
  return [cluster.balance, panicPercentOf(cluster)];
}

/** Endpoints can fail their checks where none is ever ejected. */
function panicPercentOf({ outlier }: Cluster): number {
  return (outlier ?? outlierDefaults).panicPercent;
}

function balancerFor(balance: Balance, random: Random): Balancer<UpstreamEndpoint> {
  switch (balance.kind) {
    case 'RoundRobin':
      return roundRobin(random);
    case 'LeastRequest':
      return leastRequest(random);
    case 'ConsistentHash':
      return maglev(({ name }) => name, random);
  }
}

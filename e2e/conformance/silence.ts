/** Cuts the machine that the suite runs on off from all Gateways, and from nothing else: the cluster itself goes on. */
import { addresses } from '../cluster/addresses.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { outputOf } from '../cluster/command.ts';

const table = 'ip conformance-control';

/** Before kube-proxy (-100) rewrites the addresses of Services. A refusal is known at once. */
const rules = `table ${table} {
  chain output {
    type filter hook output priority -150; policy accept;
    ip daddr { ${addresses.automaticPool}.0/24, ${addresses.onRequestPool}.0/24 } reject
  }
}`;

/** Runs `action` while whatever is sent to an address of a load balancer is refused, by any protocol. */
export async function withoutAnswers<T>(cluster: Cluster, action: () => Promise<T>): Promise<T> {
  const [program, ...entry] = cluster.entry;
  await outputOf(program, [...entry, 'nft', '--file', '-'], { input: rules });
  try {
    return await action();
  } finally {
    await outputOf(program, [...entry, 'nft', 'delete', 'table', ...table.split(' ')]);
  }
}

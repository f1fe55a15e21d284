import { existsSync } from 'node:fs';
import { addresses } from './addresses.ts';
import { outputOf } from './command.ts';
import { type Site, inNetwork } from './site.ts';

// A veth pair, as not every kernel has dummy devices. The default route is for the addresses of Services, which kube-proxy
// rewrites only after a route was found. A LoadBalancer address stands in status about a second before kube-proxy knows it;
// with a route to the machine itself a connection is refused in that second, instead of being lost for three.
const setUp = `set -e
ip link set lo up
ip link add node0 type veth peer name node1
ip link set node0 up
ip link set node1 up
ip address add ${addresses.node}/24 dev node0
ip route add default dev node0 src ${addresses.node}
ip route add local ${addresses.automaticPool}.0/24 dev lo src ${addresses.node}
ip route add local ${addresses.onRequestPool}.0/24 dev lo src ${addresses.node}
echo 1 > /proc/sys/net/ipv4/ip_forward
for name in arptables iptables ip6tables; do
  echo 1 > /proc/sys/net/bridge/bridge-nf-call-$name || true
done 2>/dev/null`;

/** Makes the cluster's network namespace. Nothing in it reaches the world, and no address in it collides with another's. */
export async function createNetwork(site: Site): Promise<void> {
  await outputOf('ip', ['netns', 'add', site.name]);
  const [program, ...args] = [...inNetwork(site), 'sh', '-c', setUp];
  await outputOf(program, args);
}

/** Removes it, and with it all its interfaces, routes and rules. */
export async function removeNetwork(name: string): Promise<void> {
  if (existsSync(`/run/netns/${name}`)) await outputOf('ip', ['netns', 'delete', name]);
}

// Which of a Gateway's listeners cannot be beside others (Gateway API: "Listener and ListenerSet Conflicts" of GEP-1713).
// What stands in one object has no order: all that conflict there are refused. Between objects the earlier one has its
// port and its hosts, whatever a later one asks for.
import { portKey } from '#snapshot/port-key.ts';
import type { ListenerParent, ListenerShape } from './listeners.ts';
import type { Problem } from './problem.ts';

/** Tenants fill these: so many listeners, and ports, has a Gateway with its ListenerSets. */
export const limits = Object.freeze({ listenersMax: 10_000, portsMax: 256 });

/** What earlier listeners have. */
interface Taken {
  /** Those that are accepted. */
  count: number;
  /** The first that is accepted at each port. */
  readonly ports: Map<string, ListenerShape>;
  /** The first that asks for a protocol and host at a port, if only its neighbours keep it from serving. */
  readonly hosts: Map<string, ListenerShape>;
}

/** All listeners of `groups` with their conflicts told; each group stands in one object, the first comes first. */
export function withConflicts(groups: readonly (readonly ListenerShape[])[]): readonly ListenerShape[] {
  const taken: Taken = { count: 0, ports: new Map(), hosts: new Map() };
  return groups.flatMap((group) => judged(group, taken));
}

function judged(group: readonly ListenerShape[], taken: Taken): readonly ListenerShape[] {
  const left = group.map((one) => told(one, takenProblem(one, taken)));
  const standing = left.filter(({ problem }) => problem === null);
  const apart = left.map((one) => told(one, rivalProblem(one, standing)));
  for (const one of apart) {
    if (one.problem === null || isRivalry(one.problem)) {
      const key = hostKey(one);
      taken.hosts.set(key, taken.hosts.get(key) ?? one);
    }
  }
  return apart.map((one) => {
    const judged = told(one, limitProblem(one, taken));
    if (judged.problem === null) {
      taken.count += 1;
      taken.ports.set(portKey(one), taken.ports.get(portKey(one)) ?? one);
    }
    return judged;
  });
}

/** What is told already stays. */
function told(shape: ListenerShape, problem: Problem | null): ListenerShape {
  return shape.problem !== null || problem === null ? shape : { ...shape, problem };
}

function isRivalry({ kind }: Problem): boolean {
  return kind === 'HostnameConflict' || kind === 'ProtocolConflict';
}

function takenProblem(shape: ListenerShape, { ports, hosts }: Taken): Problem | null {
  const { port, parent } = shape;
  const holder = ports.get(portKey(shape));
  if (holder !== undefined && holder.protocol !== shape.protocol) {
    return { kind: 'ProtocolTaken', port, by: titleFor(parent.namespace, holder.parent) };
  }
  const host = hosts.get(hostKey(shape));
  return host === undefined
    ? null
    : { kind: 'HostnameTaken', port, by: titleFor(parent.namespace, host.parent) };
}

/** `standing`: those of the same object that nobody else keeps from serving. */
function rivalProblem(shape: ListenerShape, standing: readonly ListenerShape[]): Problem | null {
  const { port, protocol, hostname } = shape;
  const rivals = standing.filter((one) => one.name !== shape.name && portKey(one) === portKey(shape));
  const foreign = rivals.filter(
    (one) => !sharesPort(one, shape) || (one.hostname === hostname && one.protocol !== protocol),
  );
  if (foreign.length > 0) {
    return { kind: 'ProtocolConflict', port, others: foreign.map((one) => one.name) };
  }
  const same = rivals.filter((one) => one.hostname === hostname);
  return same.length > 0 ? { kind: 'HostnameConflict', port, others: same.map((one) => one.name) } : null;
}

/** A Gateway's own listeners are few. */
function limitProblem(shape: ListenerShape, { count, ports }: Taken): Problem | null {
  const { listenersMax, portsMax } = limits;
  if (shape.parent.kind === 'Gateway') {
    return null;
  }
  if (count >= listenersMax) {
    return { kind: 'TooManyListeners', max: listenersMax };
  }
  return ports.size >= portsMax && !ports.has(portKey(shape))
    ? { kind: 'TooManyPorts', port: shape.port, max: portsMax }
    : null;
}

/** Hosts of HTTPS and TLS are told apart by one name, and so are of one list. */
function hostKey({ port, protocol, hostname }: ListenerShape): string {
  return `${String(port)}/${isSecure(protocol) ? 'TLS' : protocol}/${hostname}`;
}

/** Listeners that speak TLS are told apart by the name that clients ask for, whatever is spoken within. */
function sharesPort(one: ListenerShape, other: ListenerShape): boolean {
  return one.protocol === other.protocol || (isSecure(one.protocol) && isSecure(other.protocol));
}

function isSecure(protocol: string): boolean {
  return protocol === 'HTTPS' || protocol === 'TLS';
}

/** `parent` as who reads in `namespace` may know it: of a set elsewhere not even the name is any business of theirs. */
export function titleFor(namespace: string, parent: ListenerParent): string {
  return parent.kind === 'Gateway' || parent.namespace === namespace
    ? `${parent.kind} ${parent.namespace}/${parent.name}`
    : 'a ListenerSet of another namespace';
}

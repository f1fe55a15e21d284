// Listeners of one port that end TLS, and whose hosts overlap: `*.example.com` and `shop.example.com`. What a client asks
// over one connection may then be another listener's (Gateway API: OverlappingTLSConfig; GEP-3567).
import { titleFor } from './listener-conflicts.ts';
import { gatewayListenersUnit } from './listener-set.ts';
import { endsTls, isSameParent, type ListenerShape } from './listeners.ts';
import { entryOf } from './map-entry.ts';
import type { Unit } from './memo.ts';

/** So many are named; a wildcard may overlap with thousands. */
const namedMax = 3;

/** Names of the listeners, as its own readers may know them, with which one overlaps; by key. */
type Overlaps = ReadonlyMap<string, readonly string[]>;

/** The {@link Overlaps} of the Gateway of a namespace and name. */
const overlapsUnit: Unit<Overlaps> = {
  name: 'overlapping hosts',
  compute: (read, ...gateway) => overlapsOf(read.ask(gatewayListenersUnit, ...gateway)),
};

/** What the listener of a Gateway's namespace and name, and a key, overlaps with. */
export const overlapUnit = entryOf<readonly string[]>('overlapping hosts of a listener', overlapsUnit, []);

function overlapsOf(listeners: readonly ListenerShape[]): Overlaps {
  const secured = listeners.filter((one) => one.problem === null && endsTls(one));
  const byHost = new Map(secured.map((one) => [`${String(one.port)}/${one.hostname}`, one]));
  const found = new Map<string, string[]>();
  const note = (one: ListenerShape, other: ListenerShape) => {
    const names = found.get(one.key) ?? [];
    found.set(one.key, names);
    if (names.length <= namedMax) names.push(nameFor(one, other));
  };
  for (const one of secured) {
    for (const wider of widerThan(one.hostname)) {
      const other = byHost.get(`${String(one.port)}/${wider}`);
      if (other === undefined) continue;
      note(one, other);
      note(other, one);
    }
  }
  return new Map([...found].map(([key, names]) => [key, shortened(names)]));
}

/** All that stand for `hostname` and more: for `a.example.com` `*.example.com`, `*.com` and ``. */
function widerThan(hostname: string): readonly string[] {
  if (hostname === '') return [];
  const labels = hostname.split('.').slice(hostname.startsWith('*.') ? 2 : 1);
  return [...labels.map((_, at) => `*.${labels.slice(at).join('.')}`), ''];
}

/** `other` as those may know it who read what is told of `one`. */
function nameFor({ parent }: ListenerShape, other: ListenerShape): string {
  return isSameParent(parent, other.parent)
    ? `listener ${other.name}`
    : titleFor(parent.namespace, other.parent);
}

function shortened(names: readonly string[]): readonly string[] {
  const some = [...new Set(names.slice(0, namedMax))];
  return names.length > namedMax ? [...some, 'more'] : some;
}

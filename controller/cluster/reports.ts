// What the rooms tell, as lines of the log.
import type { KeysEvent } from '#controller/keys/key-fetcher.ts';
import type { ReflectorEvent } from '#controller/kube/reflector.ts';
import type { Log } from '#admin/log.ts';
import type { AuthorityEvent } from './authority-keeper.ts';
import type { ProvisionEvent } from '#controller/provision/apply.ts';
import type { RelayEvent } from '#controller/publish/relay.ts';
import type { PublishEvent } from '#controller/publish/server.ts';
import type { StatusEvent } from '#controller/status/status-writer.ts';

/** Lines about watches. */
export function reportReflector(log: Log): (event: ReflectorEvent) => void {
  return ({ kind, of, ...fields }) => {
    const name = `Watch${kind}`;
    if (kind === 'Failing') log.warn(name, { of, ...fields });
    else log.info(name, { of, ...fields });
  };
}

/** Lines about remote keys. */
export function reportKeys(log: Log): (event: KeysEvent) => void {
  return (event) => {
    if (event.kind === 'Failed') log.warn('KeysNotFetched', { id: event.id, error: event.error });
    else log.info('KeysFetched', { id: event.id, keys: event.keys });
  };
}

/** Lines about statuses; a write that succeeds is no news. */
export function reportStatus(log: Log): (event: StatusEvent) => void {
  return (event) => {
    if (event.kind === 'Failed') log.warn('StatusNotWritten', { object: event.object, error: event.error });
  };
}

/** How many lines of one event are told in a minute, and the rest counted: strangers can cause some of them. */
const peerLinesPerMinuteMax = {
  Refused: 10,
  Failed: 10,
  Connected: 1_000,
  Disconnected: 1_000,
} satisfies Record<PublishEvent['kind'], number>;

/** Lines about data planes and other replicas that connect, some a minute. `now`: milliseconds. */
export function reportPublish(log: Log, now: () => number): (event: PublishEvent) => void {
  const told = new Map<PublishEvent['kind'], { readonly minute: number; readonly lines: number }>();
  return ({ kind, ...fields }) => {
    const name = `Peer${kind}`;
    const max = peerLinesPerMinuteMax[kind];
    const minute = Math.floor(now() / 60_000);
    const before = told.get(kind) ?? { minute, lines: 0 };
    const lines = before.minute === minute ? before.lines + 1 : 1;
    told.set(kind, { minute, lines });
    if (before.minute !== minute && before.lines > max)
      log.warn(`${name}Often`, { unsaid: before.lines - max });
    if (lines > max) return;
    if (kind === 'Refused' || kind === 'Failed') log.warn(name, fields);
    else log.info(name, fields);
  };
}

/** Lines about our own connection to the leader. */
export function reportRelay(log: Log): (event: RelayEvent) => void {
  return ({ kind, ...fields }) => log.info(`Relay${kind}`, fields);
}

/** Lines about what is made for Gateways; what cannot be made is a notice of the translation's. */
export function reportProvision(log: Log): (event: ProvisionEvent) => void {
  return ({ kind, object }) => log.info(`Object${kind}`, { object });
}

/** Lines about the authority that data planes trust. */
export function reportAuthority(log: Log): (event: AuthorityEvent) => void {
  return ({ kind, ...fields }) => {
    const name = `Authority${kind}`;
    if (kind === 'Written') log.info(name, fields);
    else log.warn(name, fields);
  };
}

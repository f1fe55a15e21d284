import type { BanList } from '#dataplane/http/ban-list.ts';
import type { Observer } from '#dataplane/http/observer.ts';
import type { TimeWatch } from './allowed-time.ts';

/** What all exchanges and relays of a data plane share. */
export interface Surroundings extends TimeWatch {
  readonly observer: Observer;
  readonly bans: BanList;
  /** The Date field's line with the present time (RFC 9110 sections 5.6.7 and 6.6.1). */
  readonly dateLine: () => string;
}

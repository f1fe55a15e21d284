import { kinds } from '#crds/kind.ts';
import type { Kind } from '#crds/kind.ts';
import type { EventWriter } from '#controller/events/event-writer.ts';
import type { Log } from '#admin/log.ts';
import type { Store } from '#controller/store/store.ts';
import type { Notice } from '#controller/translate/translation.ts';

export interface AnnouncerOptions {
  readonly log: Log;
  readonly store: Store;
  readonly events: EventWriter;
  /** Only the leader writes Events. */
  readonly leading: () => boolean;
}

/** Tells operators of each notice once, by the log and an Event, until it is over and comes again. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  #told: ReadonlySet<string> = new Set();

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** These are all notices now. */
  notices(notices: readonly Notice[]): void {
    const now = new Map(notices.map((notice) => [JSON.stringify(notice), notice]));
    for (const [key, notice] of now) {
      if (!this.#told.has(key)) this.#tell(notice);
    }
    this.#told = new Set(now.keys());
  }

  #tell({ object, reason, message }: Notice): void {
    const { log, store, events, leading } = this.#options;
    log.warn('Notice', { object: `${object.kind} ${object.namespace}/${object.name}`, reason, message });
    const info = Object.values(kinds).find(({ kind }) => kind === object.kind);
    if (info === undefined || !leading()) {
      return;
    }
    events.write({
      regarding: {
        apiVersion: info.group === '' ? info.version : `${info.group}/${info.version}`,
        ...object,
        uid: store.live(info.kind satisfies Kind, object.namespace, object.name)?.uid ?? '',
      },
      type: 'Warning',
      reason,
      action: 'Translate',
      note: message,
    });
  }
}

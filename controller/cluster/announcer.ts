import { apiVersionOf, kinds } from '#crds/kind.ts';
import type { Clock } from '#controller/clock.ts';
import type { EventWriter } from '#controller/events/event-writer.ts';
import type { Log } from '#admin/log.ts';
import type { Store } from '#controller/store/store.ts';
import type { Notice } from '#controller/translate/translation.ts';

export interface AnnouncerOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly store: Pick<Store, 'live'>;
  readonly events: Pick<EventWriter, 'write'>;
  /** Only the leader writes Events. */
  readonly leading: () => boolean;
}

/** Data planes come back within this time: what only they tell is not over because they are away for a moment. */
const overAfterMs = 5_000;

/**
 * Tells operators of each notice once, by the log and an Event, until it is over and comes again; and of its end,
 * where the notice has words for it.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #told = new Map<string, Notice>();
  /** Those that are gone, but perhaps not for good; each with what calls off their end. */
  readonly #ending = new Map<string, () => void>();

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** Takes all notices there are now. */
  announce(notices: readonly Notice[]): void {
    const now = new Map(notices.map((notice) => [keyOf(notice), notice]));
    for (const [key, notice] of now) {
      this.#ending.get(key)?.();
      this.#ending.delete(key);
      if (!this.#told.has(key)) this.#begin(notice);
      this.#told.set(key, notice);
    }
    for (const [key, notice] of this.#told) {
      if (now.has(key) || this.#ending.has(key)) continue;
      const { object, over } = notice;
      if (over === undefined) this.#told.delete(key);
      else this.#ending.set(key, this.#endLater(key, { object, ...over }));
    }
  }

  #endLater(key: string, end: Notice): () => void {
    const { object, reason, message } = end;
    return this.#options.clock.after(overAfterMs, () => {
      this.#told.delete(key);
      this.#ending.delete(key);
      this.#options.log.info('NoticeOver', { object: titleOf(object), reason, message });
      this.#write('Normal', end);
    });
  }

  #begin(notice: Notice): void {
    const { object, reason, message } = notice;
    this.#options.log.warn('Notice', { object: titleOf(object), reason, message });
    this.#write('Warning', notice);
  }

  #write(type: 'Normal' | 'Warning', { object, reason, message }: Notice): void {
    const { store, events, leading } = this.#options;
    const info = Object.values(kinds).find(({ kind }) => kind === object.kind);
    if (info === undefined || !leading()) {
      return;
    }
    const live = store.live(info.kind, object.namespace, object.name);
    if (live === undefined) {
      return;
    }
    events.write({
      regarding: {
        apiVersion: apiVersionOf(info),
        ...object,
        uid: live.uid,
      },
      type,
      reason,
      action: 'Translate',
      note: message,
    });
  }
}

/** What makes two notices one. */
function keyOf({ object, reason, message, over }: Notice): string {
  return JSON.stringify([object, reason, over ?? message]);
}

function titleOf({ kind, namespace, name }: Notice['object']): string {
  return `${kind} ${namespace}/${name}`;
}

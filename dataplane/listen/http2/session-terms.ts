import { BlockSection } from '#dataplane/h2/header-block.ts';
import { AnswerHeads } from './answer-head.ts';
import type { SessionSettings } from '#dataplane/h2/session.ts';
import type { ClientRules } from '#dataplane/runtime.ts';
import type { Limits } from '../limits.ts';

/** What no policy sets. Octets of windows; frames that move nothing; parts of a head. */
const streamWindowBytes = 64 * 1024;
const connectionWindowBytes = 1024 * 1024;
const controlFramesPerSecondMax = 500;
const continuationsMax = 16;

/** What all connections of HTTP/2 with clients have in common, so that none that is silent holds its own. */
export class Http2Terms {
  readonly heads = new AnswerHeads();
  readonly section = new BlockSection();
  readonly #settings = new WeakMap<Limits, SessionSettings>();

  /** What a client may do. `limits` are those of `rules`. */
  settingsOf(limits: Limits, { http2 }: ClientRules): SessionSettings {
    const known = this.#settings.get(limits);
    if (known !== undefined) return known;
    const settings: SessionSettings = {
      streamsMax: http2.streamsMax,
      streamWindowBytes,
      connectionWindowBytes,
      listBytesMax: limits.headBytesMax,
      fieldsMax: limits.fieldCountMax,
      resetsPerSecondMax: http2.resetsPerSecondMax,
      controlFramesPerSecondMax,
      continuationsMax,
      extendedConnect: true,
      ownResets: null,
    };
    this.#settings.set(limits, settings);
    return settings;
  }
}

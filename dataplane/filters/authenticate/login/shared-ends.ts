// What has ended at one data plane has ended at all: they tell each other, sealed, so that nobody else who gets at what they
// share ends a session by it, or learns who has one.
import { loginSecretPeriodMs } from '#snapshot/open-id-connect.ts';
import * as shape from '#snapshot/shape.ts';
import type { LogEvents, SharedMemory } from '../../shared-memory.ts';
import { EndedSessions, type End } from './ended-sessions.ts';
import type { LoginSeal, LoginSecrets } from './login-seal.ts';
import { parsed } from './parsed.ts';

/** Ends of a namespace that this data plane goes on telling, should the others' memory be lost; the oldest go first. */
const ownMax = 10_000;

/** No session lasts longer. */
const sessionMsMax = loginSecretPeriodMs;

/**
 * A namespace's own each: its policies name the provider, and the keys by which that is believed, themselves. So one can
 * neither end what others have let in nor have ends of others forgotten.
 */
export class EndedByNamespace {
  readonly #of = new Map<string, EndedSessions>();
  readonly #memory: SharedMemory;
  readonly #secrets: LoginSecrets;

  constructor(memory: SharedMemory, secrets: LoginSecrets) {
    this.#memory = memory;
    this.#secrets = secrets;
  }

  of(namespace: string): EndedSessions {
    const known = this.#of.get(namespace);
    if (known !== undefined) return known;
    const log = `ends:${namespace}`;
    const telling = new Telling(log, { memory: this.#memory, seal: this.#secrets.sealFor(log) });
    this.#of.set(namespace, telling.ended);
    this.#memory.follow(log, telling);
    return telling.ended;
  }
}

const endShape = shape.object<End>({ key: shape.text, endMs: shape.integer(0) });

/** Tells of a namespace's ends, and hears of them. */
class Telling implements LogEvents {
  readonly ended = new EndedSessions((end) => this.#tell(end));
  readonly #log: string;
  readonly #parts: { readonly memory: SharedMemory; readonly seal: LoginSeal };
  readonly #own = new Map<string, End>();
  /** Those of {@link #own} that the log does not have, as far as is known. */
  #untold = new Map<string, End>();
  #isTelling = false;

  constructor(log: string, parts: { readonly memory: SharedMemory; readonly seal: LoginSeal }) {
    this.#log = log;
    this.#parts = parts;
  }

  begun(): void {
    this.#untold = new Map(this.#own);
  }

  told(entry: string): void {
    const text = this.#parts.seal.open(entry, this.#log);
    const end = text === null ? null : parsed(text, endShape);
    if (end === null) return;
    this.ended.hear(end);
    this.#heard(end);
  }

  caughtUp(): void {
    if (this.#untold.size > 0) void this.#tellAll();
  }

  #tell(end: End): void {
    keep(this.#own, end);
    keep(this.#untold, end);
    void this.#tellAll();
  }

  /** One after the other, until one is not taken: then when all is heard again. */
  async #tellAll(): Promise<void> {
    if (this.#isTelling) return;
    this.#isTelling = true;
    const { memory, seal } = this.#parts;
    for (const end of this.#untold.values()) {
      const entry = seal.seal(JSON.stringify(end), this.#log);
      if (entry === null || !(await memory.append(this.#log, entry, sessionMsMax))) break;
      this.#heard(end);
    }
    this.#isTelling = false;
  }

  #heard({ key, endMs }: End): void {
    const own = this.#untold.get(key);
    if (own !== undefined && own.endMs <= endMs) this.#untold.delete(key);
  }
}

function keep(ends: Map<string, End>, end: End): void {
  ends.delete(end.key);
  ends.set(end.key, end);
  const [oldest] = ends.keys();
  if (ends.size > ownMax && oldest !== undefined) ends.delete(oldest);
}

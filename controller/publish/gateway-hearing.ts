import type { MissingKey } from '#snapshot/message.ts';
import { Hearing } from './hearing.ts';
import type { PublishLimits } from './limits.ts';
import type { DataPlaneRecord } from './observation-table.ts';

/** What is newest of connections of one Gateway's data planes; null: gone. */
export type Heard = ReadonlyMap<string, DataPlaneRecord | null>;

interface GatewayHearingOptions {
  readonly limits: Pick<PublishLimits, 'heardBurst' | 'heardEveryMs' | 'missingKeySetsMax'>;
  readonly onHeard: (heard: Heard) => void;
  readonly onMissingKey: (message: MissingKey) => void;
}

/**
 * What all data planes of one Gateway say, heard together: as many of them as there are, and however often they come
 * and go, the others hear of the Gateway no more often than the limits say.
 */
export class GatewayHearing {
  readonly #options: GatewayHearingOptions;
  readonly #hearing: Hearing;
  readonly #hearingOfKeys: Hearing;
  #unheard = new Map<string, DataPlaneRecord | null>();
  #missingKeys = new Map<string, MissingKey>();

  constructor(options: GatewayHearingOptions) {
    this.#options = options;
    const { heardBurst: burst, heardEveryMs: everyMs } = options.limits;
    this.#hearing = new Hearing({ burst, everyMs, hear: () => this.#hear() });
    this.#hearingOfKeys = new Hearing({ burst, everyMs, hear: () => this.#hearOfKeys() });
  }

  /** What is newest of a connection; null: it is gone. */
  said(connection: string, record: DataPlaneRecord | null): void {
    this.#unheard.set(connection, record);
    this.#hearing.spoken();
  }

  /** A key that is missing; of each key set the newest is heard. */
  misses(message: MissingKey): void {
    const { keySet } = message;
    const { missingKeySetsMax } = this.#options.limits;
    // What is left out is asked for again by whoever meets its token next.
    if (!this.#missingKeys.has(keySet) && this.#missingKeys.size >= missingKeySetsMax) return;
    this.#missingKeys.set(keySet, message);
    this.#hearingOfKeys.spoken();
  }

  /** Whether nothing would be otherwise were it made anew. */
  isRested(): boolean {
    return this.#hearing.isRested() && this.#hearingOfKeys.isRested();
  }

  /** Nothing is heard any more. */
  end(): void {
    this.#hearing.end();
    this.#hearingOfKeys.end();
  }

  #hear(): void {
    const heard = this.#unheard;
    this.#unheard = new Map();
    this.#options.onHeard(heard);
  }

  #hearOfKeys(): void {
    const messages = this.#missingKeys;
    this.#missingKeys = new Map();
    for (const message of messages.values()) this.#options.onMissingKey(message);
  }
}

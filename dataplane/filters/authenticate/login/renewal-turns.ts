// One data plane at a time refreshes a session, and the others take what came of it: a provider that gives out refresh
// tokens for one use takes a second one for a theft, and ends the session.
import { hash } from 'node:crypto';
import type { SharedMemory } from '../../shared-memory.ts';

/** What came of a turn. */
export type RenewalOutcome =
  /** The text of a cookie; null: the session is not to go on. */
  | { readonly kind: 'Renewed'; readonly text: string | null }
  /** It was in vain just now. */
  | { readonly kind: 'Failed' };

/** Whose turn it is: ours, or somebody is at it, or has been. */
export type RenewalTurn = { readonly kind: 'Ours' } | { readonly kind: 'Busy' } | RenewalOutcome;

/** What the key says in place of the text of a cookie, which is longer. */
const ended = 'ended';
const failed = 'failed';

/** Browsers bring the old cookie for so long, since not every answer reaches them first. */
const keptMs = 300_000;

/** Others hear for so long that it failed. */
const failedMs = 1000;

const lookEveryMs = 50;

export class RenewalTurns {
  readonly #memory: SharedMemory;
  readonly #lastsMs: number;

  /** `lastsMs`: who takes longer is gone. */
  constructor(memory: SharedMemory, lastsMs: number) {
    this.#memory = memory;
    this.#lastsMs = lastsMs;
  }

  /** Takes the turn for the session that this cookie tells, if it is free. */
  async take(text: string): Promise<RenewalTurn> {
    const taken = await this.#memory.take(keyOf(text), this.#lastsMs);
    // without the others, each goes on alone
    if (taken.kind !== 'Held') return { kind: 'Ours' };
    switch (taken.value) {
      case '':
        return { kind: 'Busy' };
      case failed:
        return { kind: 'Failed' };
      case ended:
        return { kind: 'Renewed', text: null };
      default:
        return { kind: 'Renewed', text: taken.value };
    }
  }

  /** The same, once whoever is at it has come to an end. */
  async await(text: string): Promise<RenewalTurn> {
    for (let leftMs = this.#lastsMs; leftMs > 0; leftMs -= lookEveryMs) {
      const turn = await this.take(text);
      if (turn.kind !== 'Busy') return turn;
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
    return { kind: 'Failed' };
  }

  /** Ends our turn, and tells the others what came of it. */
  async end(text: string, outcome: RenewalOutcome): Promise<void> {
    if (outcome.kind === 'Failed') await this.#memory.put(keyOf(text), failed, failedMs);
    else await this.#memory.put(keyOf(text), outcome.text ?? ended, keptMs);
  }
}

function keyOf(text: string): string {
  return `session:${hash('sha256', text, 'base64url')}`;
}

import { Patience } from './patience.ts';
import { inTurns } from './turns.ts';
import type { ClientConnection } from './client-connection.ts';

/**
 * None: all is well. Saving: no connection is kept that need not be, and answers that nobody takes are given up.
 * Shedding: new requests and connections are refused. Cutting: the newest of those that hold most are cut.
 */
export type OverloadLevel = 'None' | 'Saving' | 'Shedding' | 'Cutting';

const savingLoad = 0.85;
/** From which load on; a level is left only when the load is `slack` less than that. */
const levels: readonly (readonly [level: OverloadLevel, load: number])[] = [
  ['Cutting', 1.2],
  ['Shedding', 1],
  ['Saving', savingLoad],
  ['None', Number.NEGATIVE_INFINITY],
];
const slack = 0.1;

/** Who has taken nothing for so long does not, when memory is short. */
const stalledMs = 1_000;

/** Of connections there may be, those that may be stalled at once: one in so many, but always some. */
const connectionsPerStalled = 40;
const stalledMin = 100;

/** Two sweeps in a row that are late by so much: too much is to be done. */
const latenessMs = 2_000;

/** What a sweep has found. */
export interface Found {
  readonly connections: ReadonlySet<ClientConnection>;
  /** What these hold in memory. */
  readonly buffered: number;
  readonly nowMs: number;
  /** By how much it came too late: so long nobody was served. */
  readonly lateMs: number;
  readonly connectionsMax: number;
  /** What all connections may hold in memory. */
  readonly bufferedBytesMax: number;
}

/**
 * Whether there is more to do than can be done, by what connections hold in memory and by how late things happen, and
 * what is left undone then: first what gets nowhere, then the newest and cheapest, so that what is under way comes to
 * its end. Where only time is short, kept connections stay: new handshakes would take more of it.
 */
export class OverloadGuard {
  /** By what is held. */
  #level: OverloadLevel = 'None';
  #lateMs = 0;
  #isLate = false;
  readonly #patience = new Patience();

  get level(): OverloadLevel {
    return this.#isLate && this.#level !== 'Cutting' ? 'Shedding' : this.#level;
  }

  /** Answers close their connection. */
  get saves(): boolean {
    return this.#level !== 'None';
  }

  /** New requests and connections are refused. */
  get sheds(): boolean {
    return this.#isLate || this.#level === 'Shedding' || this.#level === 'Cutting';
  }

  /** What share of their time-outs clients get. */
  get patience(): number {
    return this.#patience.share;
  }

  /** Takes stock; cuts connections where it must. */
  sweep({ connections, buffered, nowMs, lateMs, connectionsMax, bufferedBytesMax }: Found): void {
    const stalled = countStalled(connections, nowMs - stalledMs);
    const stalledMax = Math.max(stalledMin, connectionsMax / connectionsPerStalled);
    const load = Math.max(
      connections.size / connectionsMax,
      buffered / bufferedBytesMax,
      stalled / stalledMax,
    );
    this.#patience.follow(load, nowMs);
    // late once is a new snapshot, late twice in a row is too much to do
    this.#isLate = Math.min(lateMs, this.#lateMs) >= latenessMs;
    this.#lateMs = lateMs;
    const freed =
      buffered < savingLoad * bufferedBytesMax
        ? 0
        : relieve(connections, buffered - (savingLoad - slack) * bufferedBytesMax, nowMs - stalledMs);
    this.#level = levelAt((buffered - freed) / bufferedBytesMax, this.#level);
    if (this.#level === 'Cutting') cut(connections, buffered - freed - bufferedBytesMax);
  }
}

function countStalled(connections: Iterable<ClientConnection>, sinceMs: number): number {
  let count = 0;
  for (const connection of connections) if (stalledSinceMs(connection) <= sinceMs) count += 1;
  return count;
}

function stalledSinceMs(connection: ClientConnection): number {
  return connection.stalledSinceMs ?? Number.POSITIVE_INFINITY;
}

function levelAt(load: number, before: OverloadLevel): OverloadLevel {
  let isAbove = true;
  for (const [level, from] of levels) {
    // levels up to the one before are left late, those beyond are entered at their load
    if (level === before) isAbove = false;
    if (load >= (isAbove ? from : from - slack)) return level;
  }
  return 'None';
}

/** Gives up what has been stalled since `sinceMs`, longest first, until `octets` are free; how many will be. */
function relieve(connections: Iterable<ClientConnection>, octets: number, sinceMs: number): number {
  const stalled = [...connections]
    .map((connection) => ({ connection, stalledSinceMs: stalledSinceMs(connection) }))
    .filter(({ stalledSinceMs }) => stalledSinceMs <= sinceMs)
    .sort((a, b) => a.stalledSinceMs - b.stalledSinceMs)
    .map(({ connection }) => connection);
  const { chosen, freed } = untilFree(stalled, octets);
  inTurns(chosen, (connection) => {
    if (connection.relieve === undefined) connection.destroy();
    else connection.relieve(sinceMs);
  });
  return freed;
}

/** Cuts until `octets` are free: of those that hold about as much (by powers of two) the newest first. */
function cut(connections: Iterable<ClientConnection>, octets: number): void {
  const most = [...connections]
    .map((connection) => ({ connection, buffered: connection.buffered }))
    .filter(({ buffered }) => buffered > 0)
    .sort(
      (a, b) =>
        Math.clz32(a.buffered) - Math.clz32(b.buffered) || b.connection.sinceMs - a.connection.sinceMs,
    )
    .map(({ connection }) => connection);
  inTurns(untilFree(most, octets).chosen, (connection) => connection.destroy());
}

/** The first of them, as many as hold `octets`. */
function untilFree(connections: readonly ClientConnection[], octets: number) {
  let freed = 0;
  const chosen = connections.filter(({ buffered }) => {
    if (freed >= octets) return false;
    freed += buffered;
    return true;
  });
  return { chosen, freed };
}

import { unknownIn } from '#snapshot/decode.ts';
import { hashResource } from '#snapshot/encode.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import { type Commit, type Put, type Refused, putResource } from '#snapshot/message.ts';
import { advanced, isOlder } from '#snapshot/order.ts';
import { SetVersions } from '#snapshot/set-version.ts';
import { ShelvedMap } from '#snapshot/shelved-map.ts';
import { SnapshotError } from '#snapshot/snapshot-error.ts';
import type { Order, Resource, ResourceSet } from '#snapshot/snapshot.ts';
import { withSharedEndpoints } from './shared-endpoints.ts';

/** What is held of one id: what the controller offers, and what may be served of it. */
interface Entry {
  /** Of what the controller offers. */
  readonly hash: string;
  /** What is offered or, where that was refused, what was held before; null: nothing. */
  readonly kept: Kept | null;
  /** Why what is offered is not what is kept, or not as it is meant. */
  readonly refusal: string | null;
}

interface Kept {
  readonly resource: Resource;
  readonly encoded: string;
}

/** What a commit leads to. */
export type Committed =
  /** Something changed: to be served, then adopted. */
  | { readonly kind: 'Changed'; readonly candidate: Candidate }
  /** The version is held already; what must not be fallen behind may have risen. */
  | { readonly kind: 'Same' }
  /** It is older than what is held and was dropped. */
  | { readonly kind: 'Older' }
  /** It does not fit what is held: everything has to be asked for. */
  | { readonly kind: 'Mismatch' }
  /** It does not fit itself: its sender is broken. */
  | { readonly kind: 'Broken' };

const pendingBytesMax = 512 * 1024 * 1024;

/** All that is held: made from what was held before, at the cost of what changed. */
interface Held {
  readonly entries: ShelvedMap<string, Entry>;
  /** Of the entries all that may be served. */
  readonly resources: ShelvedMap<ResourceId, Resource>;
  /** Why, of those that are not served as they are offered. */
  readonly refusals: ReadonlyMap<string, string>;
}

const nothingHeld: Held = {
  entries: ShelvedMap.empty(),
  resources: ShelvedMap.empty(),
  refusals: new Map(),
};

/** `held` with other entries; null: removed. */
function heldWith(held: Held, changes: ReadonlyMap<string, Entry | null>): Held {
  const served = new Map<ResourceId, Resource | undefined>();
  const refusals = new Map(held.refusals);
  for (const [id, entry] of changes) {
    const before = held.entries.get(id)?.kept?.resource;
    if (before !== undefined) served.set(before.id, undefined);
    const resource = entry?.kept?.resource;
    if (resource !== undefined) served.set(resource.id, resource);
    const refusal = entry?.refusal ?? null;
    if (refusal === null) refusals.delete(id);
    else refusals.set(id, refusal);
  }
  return {
    entries: held.entries.with(Array.from(changes, ([id, entry]) => [id, entry ?? undefined] as const)),
    resources: held.resources.with(served),
    refusals,
  };
}

/** A set of resources that may become what is held. */
export class Candidate {
  readonly version: string;
  readonly order: Order;
  readonly #before: Held;
  #held: Held;

  constructor(held: Held, at: { readonly version: string; readonly order: Order }, before: Held) {
    this.version = at.version;
    this.order = at.order;
    this.#held = held;
    this.#before = before;
  }

  get held(): Held {
    return this.#held;
  }

  /** What to serve. An unchanged resource is the same object as before. */
  resources(): ResourceSet {
    return this.#held.resources;
  }

  /** The encoded form of {@link resources}. */
  encoded(): readonly string[] {
    return Array.from(this.#held.entries.values(), ({ kept }) => kept?.encoded ?? null).filter(
      (text) => text !== null,
    );
  }

  /** All that is not served as it was offered. */
  refused(): readonly Refused[] {
    return Array.from(this.#held.refusals, ([id, reason]) => ({ id, reason }));
  }

  /** Goes back to what was held of these before. Answers whether that changed anything. */
  refuse(refused: readonly Refused[]): boolean {
    const changes = new Map<string, Entry>();
    for (const { id, reason } of refused) {
      const entry = changes.get(id) ?? this.#held.entries.get(id);
      if (entry === undefined || entry.kept === null) continue;
      const before = this.#before.entries.get(id)?.kept ?? null;
      const kept = before === null || before.resource === entry.kept.resource ? null : before;
      changes.set(id, { hash: entry.hash, kept, refusal: entry.refusal ?? reason });
    }
    this.#held = heldWith(this.#held, changes);
    return changes.size > 0;
  }
}

/** What a data plane has of its snapshot: takes puts and removes, and makes a candidate of them at each commit. */
export class Holdings {
  readonly #versions = new SetVersions();
  #held = nothingHeld;
  #version: string | null = null;
  #order: Order | null = null;
  /** Null: to be removed. */
  #pending = new Map<string, Entry | null>();
  #pendingBytes = 0;

  get version(): string | null {
    return this.#version;
  }

  /** What must not be fallen behind: of each kind the newest position of all that was taken. */
  get order(): Order | null {
    return this.#order;
  }

  /** Takes a put: it counts from the next commit on. Throws {@link SnapshotError} when too much is pending. */
  put(put: Put): void {
    this.#pendingBytes += put.encoded.length;
    if (this.#pendingBytes > pendingBytesMax) {
      const problem = `more than ${pendingBytesMax} bytes without a commit`;
      throw new SnapshotError('LineTooLong', { id: null, path: '', problem });
    }
    this.#pending.set(put.id, entryOf(put, this.#held.entries.get(put.id)));
  }

  remove(id: string): void {
    this.#pending.set(id, null);
  }

  /** Takes what is pending as `commit` says. Nothing is held of it until the candidate is adopted, before the next. */
  commit(commit: Commit): Committed {
    const pending = this.#pending;
    this.forgetPending();
    if (commit.version === this.#version) {
      this.#order = advanced(this.#order, commit.order);
      return { kind: 'Same' };
    }
    if (this.#order !== null && isOlder(commit.order, this.#order)) return { kind: 'Older' };
    if (commit.base !== null && commit.base !== this.#version) return { kind: 'Mismatch' };
    const held = heldWith(commit.base === null ? nothingHeld : this.#held, pending);
    const version = this.#versions.of(held.entries);
    if (version !== commit.version) return { kind: commit.base === null ? 'Broken' : 'Mismatch' };
    const order = advanced(this.#order, commit.order);
    return { kind: 'Changed', candidate: new Candidate(held, { version, order }, this.#held) };
  }

  /** Drops what came since the last commit: the stream it came by has ended. */
  forgetPending(): void {
    this.#pending = new Map();
    this.#pendingBytes = 0;
  }

  /** From now on this is held. */
  adopt(candidate: Candidate): void {
    this.#held = candidate.held;
    this.#version = candidate.version;
    this.#order = candidate.order;
  }

  /** What is held, to be served again. */
  current(): Candidate | null {
    if (this.#version === null || this.#order === null) return null;
    return new Candidate(this.#held, { version: this.#version, order: this.#order }, nothingHeld);
  }
}

/** Resources from the disk as a candidate. */
export function candidateFromDisk(
  saved: readonly { readonly encoded: string; readonly resource: Resource }[],
  order: Order,
): Candidate {
  const entries = new Map<string, Entry>();
  for (const { encoded, resource } of saved) {
    entries.set(resource.id, { hash: hashResource(encoded), kept: { resource, encoded }, refusal: null });
  }
  const held = heldWith(nothingHeld, entries);
  return new Candidate(held, { version: new SetVersions().of(held.entries), order }, nothingHeld);
}

function entryOf(put: Put, before: Entry | undefined): Entry {
  const hash = hashResource(put.encoded);
  if (before?.hash === hash) return before;
  try {
    const resource = withSharedEndpoints(putResource(put), before?.kept?.resource);
    const unknown = unknownIn(resource);
    // It is taken nevertheless: what it was before may let in whom the newer build wants to keep out.
    const instead = resource.kind === 'Protection' ? 'it does not hold' : 'closed';
    const refusal = unknown === null ? null : `the ${unknown} is not known to this build; ${instead}`;
    return { hash, kept: { resource, encoded: put.encoded }, refusal };
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    const kept = error.failure === 'Closing' ? null : (before?.kept ?? null);
    return { hash, kept, refusal: `${error.path}: ${error.problem}` };
  }
}

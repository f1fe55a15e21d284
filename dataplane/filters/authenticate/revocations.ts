import { WeakValues } from '#dataplane/http/weak-values.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { RevocationStream, TokenRevocations } from '#snapshot/token-revocations.ts';
import type { FollowStream } from '../follow-stream.ts';
import { own, type Claims } from './claims.ts';
import { FollowedRevocations, type FollowedList } from './followed-revocations.ts';

/** What a list says, and until when it holds. */
export interface RevocationView {
  readonly tokens: ReadonlySet<unknown>;
  readonly subjects: ReadonlySet<unknown>;
  readonly untilMs: number;
}

/** What one list says now. Changes under whoever holds it; a list that is gone goes on saying what it said last. */
export class RevokedTokens {
  readonly id: ResourceId;
  #list: TokenRevocations | null = null;
  #view: RevocationView | null = null;

  constructor(id: ResourceId) {
    this.id = id;
  }

  /** `view`: of the list. */
  use(list: TokenRevocations, view: RevocationView): void {
    this.#list = list;
    this.#view = view;
  }

  uses(list: TokenRevocations): boolean {
    return list === this.#list;
  }

  /** Of a token with these claims; unknown while there was never such a list, and when it is too old to be gone by. */
  standing(claims: Claims, nowMs: number): 'Good' | 'Revoked' | 'Unknown' {
    const view = this.#view;
    if (view === null || view.untilMs <= nowMs) return 'Unknown';
    return view.tokens.has(own(claims, 'jti')) || view.subjects.has(own(claims, 'sub')) ? 'Revoked' : 'Good';
  }
}

export interface RevocationsOptions {
  readonly now: () => number;
  /** Left out: no stream can be followed, and lists in streams are unknown. */
  readonly follow?: FollowStream | undefined;
  /** Told when a list that is followed becomes available or not, with the reason. */
  readonly onFollowed?: ((list: string, available: boolean, reason: string) => void) | undefined;
}

/** Streams that a data plane follows; the lists of others are unknown. */
const followedMax = 64;

/** All revocation lists of the process. What is handed out sees them change: nothing is made anew for that. */
export class Revocations {
  readonly #options: RevocationsOptions;
  #lists: ReadonlyMap<ResourceId, TokenRevocations> = new Map();
  readonly #followed = new Map<ResourceId, FollowedRevocations>();
  /** As long as somebody asks them. */
  readonly #handed = new WeakValues<ResourceId, RevokedTokens>();

  constructor(options: RevocationsOptions) {
    this.#options = options;
  }

  get(id: ResourceId): RevokedTokens {
    return this.#handed.of(id, () => {
      const made = new RevokedTokens(id);
      this.#tell(made);
      return made;
    });
  }

  /** From now on there are these. */
  use(lists: readonly TokenRevocations[]): void {
    this.#lists = new Map(lists.map((list) => [list.id, list]));
    this.#follow(lists);
    for (const [, revoked] of this.#handed) this.#tell(revoked);
  }

  /** Those that are followed. */
  followed(): readonly FollowedList[] {
    const nowMs = this.#options.now();
    return [...this.#followed].map(([id, followed]) => ({
      list: nameOf(id),
      ageMs: followed.ageMs(nowMs),
      entries: followed.entries,
    }));
  }

  stop(): void {
    for (const followed of this.#followed.values()) followed.stop();
    this.#followed.clear();
  }

  #follow(lists: readonly TokenRevocations[]): void {
    const wanted = new Map(
      lists.flatMap(({ id, stream }) => (stream === null ? [] : [[id, stream] as const])),
    );
    for (const [id, followed] of this.#followed) {
      if (isSameStream(wanted.get(id), followed.stream)) continue;
      followed.stop();
      this.#followed.delete(id);
    }
    const { follow, onFollowed } = this.#options;
    if (follow === undefined) return;
    for (const [id, stream] of wanted) {
      if (this.#followed.has(id)) continue;
      const report = (available: boolean, reason: string): void =>
        onFollowed?.(nameOf(id), available, reason);
      if (this.#followed.size < followedMax) {
        this.#followed.set(id, new FollowedRevocations(stream, follow, report));
      } else report(false, `a data plane follows ${followedMax} streams at most`);
    }
  }

  #tell(revoked: RevokedTokens): void {
    const list = this.#lists.get(revoked.id);
    if (list === undefined) return;
    if (list.stream === null) {
      if (!revoked.uses(list)) revoked.use(list, told(list));
      return;
    }
    const followed = this.#followed.get(list.id);
    if (followed !== undefined) revoked.use(list, followed);
  }
}

function told({ tokens, subjects }: TokenRevocations): RevocationView {
  return { tokens: new Set(tokens), subjects: new Set(subjects), untilMs: Number.POSITIVE_INFINITY };
}

/** `TokenRevocations/Redis/shop/...` without its kind. */
function nameOf(id: ResourceId): string {
  return id.slice(id.indexOf('/') + 1);
}

/** Decoded anew, a stream that has not changed is another object. */
function isSameStream(one: RevocationStream | undefined, other: RevocationStream): boolean {
  if (one === undefined) return false;
  const { password, ...terms } = one;
  const { password: otherPassword, ...otherTerms } = other;
  return (
    JSON.stringify(terms) === JSON.stringify(otherTerms) && password?.reveal() === otherPassword?.reveal()
  );
}

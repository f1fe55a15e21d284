// Sessions that are over before their time, whatever their cookies say: by a logout here, or by the provider's word. Known
// to this data plane alone.
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { own, type Claims } from '../claims.ts';
import type { Session } from './session.ts';

/** The oldest of a namespace are forgotten beyond that. */
const endedMax = 50_000;

/** Whom a provider logs out: all sessions of a person, or the one of this name. */
export interface EndedAtProvider {
  readonly issuer: string;
  /** The client's id there. */
  readonly client: string;
  /** `''`: of everybody. */
  readonly subject: string;
  readonly sessionId: string;
}

/** What a session may be ended by: made once, and asked for with each change. */
export type EndKeys = readonly string[];

/** By what the session with these claims of its ID token ends. */
export function endKeysOf(
  { id }: Session,
  claims: Claims,
  { issuer, client }: Pick<EndedAtProvider, 'issuer' | 'client'>,
): EndKeys {
  const [subject, sessionId] = [own(claims, 'sub'), own(claims, 'sid')];
  const at = { issuer, client };
  return [
    id,
    ...(typeof subject === 'string' ? [keyOf({ ...at, subject, sessionId: '' })] : []),
    ...(typeof sessionId === 'string' ? [keyOf({ ...at, subject: '', sessionId })] : []),
  ];
}

/**
 * A namespace's own each: its policies name the provider, and the keys by which that is believed, themselves. So one can
 * neither end what others have let in nor have ends of others forgotten.
 */
export class EndedByNamespace {
  readonly #of = new Map<string, EndedSessions>();

  of(namespace: string): EndedSessions {
    const known = this.#of.get(namespace);
    if (known !== undefined) return known;
    const made = new EndedSessions();
    this.#of.set(namespace, made);
    return made;
  }
}

export class EndedSessions {
  /** When it ended, by the key; sessions begun later are others. */
  readonly #ended = new LRUCache<string, number>({ max: endedMax });
  #changes = 0;

  /** Grows with each end: as long as it is the same, nothing has ended. */
  get changes(): number {
    return this.#changes;
  }

  /** Ends the session with this id. */
  end(id: string): void {
    this.#set(id, Number.POSITIVE_INFINITY);
  }

  /** Ends the sessions that were begun before `endMs` (since 1970). */
  endAtProvider(told: EndedAtProvider, endMs: number): void {
    if (told.sessionId !== '') this.#set(keyOf({ ...told, subject: '' }), endMs);
    else this.#set(keyOf(told), endMs);
  }

  /** Whether a session begun at `begunMs` has ended. */
  has(keys: EndKeys, begunMs: number): boolean {
    return keys.some((key) => begunMs < (this.#ended.get(key) ?? 0));
  }

  #set(key: string, endMs: number): void {
    this.#ended.set(key, Math.max(endMs, this.#ended.get(key) ?? 0));
    this.#changes += 1;
  }
}

/** Of one length, whatever a provider calls people. */
function keyOf({ issuer, client, subject, sessionId }: EndedAtProvider): string {
  return hash('sha256', JSON.stringify([issuer, client, subject, sessionId]), 'base64url');
}

// Sessions that are over before their time, whatever their cookies say: by a logout here, or by the provider's word.
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

/** That a key's sessions which were begun before `endMs` (since 1970) have ended. */
export interface End {
  readonly key: string;
  readonly endMs: number;
}

/** Of one namespace, as far as this data plane has heard. */
export class EndedSessions {
  /** When it ended, by the key; sessions begun later are others. */
  readonly #ended = new LRUCache<string, number>({ max: endedMax });
  readonly #tell: (end: End) => void;
  #changes = 0;

  /** `tell`: of what ends here. */
  constructor(tell: (end: End) => void) {
    this.#tell = tell;
  }

  /** Grows with each end: as long as it is the same, nothing has ended. */
  get changes(): number {
    return this.#changes;
  }

  /** Ends the session with this id. */
  end(id: string): void {
    this.#end({ key: id, endMs: Number.MAX_SAFE_INTEGER });
  }

  /** Ends the sessions that were begun before `endMs` (since 1970). */
  endAtProvider(told: EndedAtProvider, endMs: number): void {
    this.#end({ key: keyOf(told.sessionId === '' ? told : { ...told, subject: '' }), endMs });
  }

  /** What has ended elsewhere, or here before. */
  hear({ key, endMs }: End): void {
    if (endMs <= (this.#ended.get(key) ?? 0)) return;
    this.#ended.set(key, endMs);
    this.#changes += 1;
  }

  /** Whether a session begun at `begunMs` has ended. */
  has(keys: EndKeys, begunMs: number): boolean {
    return keys.some((key) => begunMs < (this.#ended.get(key) ?? 0));
  }

  #end(end: End): void {
    this.hear(end);
    this.#tell(end);
  }
}

/** Of one length, whatever a provider calls people. */
function keyOf({ issuer, client, subject, sessionId }: EndedAtProvider): string {
  return hash('sha256', JSON.stringify([issuer, client, subject, sessionId]), 'base64url');
}

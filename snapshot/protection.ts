import type { ResourceId } from './ids.ts';

/** From what one port is protected before it is known what is asked for. Absent from the snapshot: from nothing. */
export interface Protection extends Protections {
  readonly kind: 'Protection';
  /** `Protection/<port>`. */
  readonly id: ResourceId;
  readonly port: number;
  /** Where a newer build has told more than this one knows, of which nothing holds; null: nowhere. */
  readonly unread: string | null;
}

/** What holds at a port; null for what does not. */
export interface Protections {
  readonly connections: ConnectionFloods | null;
  readonly bans: BanRules | null;
  readonly requests: RequestFloods | null;
  readonly bots: BotRules | null;
  readonly reputation: readonly Reputation[];
  /** Networks whose clients none of this holds for. */
  readonly exempt: readonly string[];
}

/** What one address may do. */
interface Floods {
  /** `<namespace>/<name>` of the policy: a label, and what counts are kept under, over all ports it holds for. */
  readonly policy: string;
  /** So many leading bits of an address tell whose it is. */
  readonly prefixes: { readonly ipv4Prefix: number; readonly ipv6Prefix: number };
  readonly mode: ProtectionMode;
}

/** Networks whose clients are kept out. */
export interface Reputation {
  /** `<namespace>/<name>` of the policy: a label. */
  readonly policy: string;
  /** Of the rule: a label. */
  readonly name: string;
  /** Of AddressLists, which change by themselves; of those that are not there nothing holds. */
  readonly lists: readonly ResourceId[];
  readonly mode: ProtectionMode;
}

/** How many requests one address may send, whatever they ask for. */
export interface RequestFloods extends Floods {
  readonly rate: FloodRate;
}

/** How many connections one address may open, and have open. */
export interface ConnectionFloods extends Floods {
  /** Null: any number. */
  readonly opened: FloodRate | null;
  /** At a time; 0: any number. */
  readonly openMax: number;
}

/** Up to `burst` at once, and then evenly `count` in each window. */
export interface FloodRate {
  readonly count: number;
  readonly windowMs: number;
  readonly burst: number;
}

/** What bans an address. */
export interface BanRules {
  /** As of {@link ConnectionFloods}: whoever is banned is banned at all ports it holds for. */
  readonly policy: string;
  readonly rules: readonly BanRule[];
}

/** So many answers of these statuses in a window, and the address may not come for a while. */
export interface BanRule {
  readonly name: string;
  readonly statuses: readonly number[];
  readonly answers: number;
  readonly windowMs: number;
  readonly durationMs: number;
  readonly mode: ProtectionMode;
}

/** Which programs are refused by what they say of themselves: the first rule that fits decides. */
export interface BotRules {
  /** `<namespace>/<name>`. */
  readonly policy: string;
  readonly rules: readonly BotRule[];
}

/** A header, and what it must say for the rule to fit. Allow: no rule after it is asked. */
export interface BotRule {
  readonly name: string;
  /** Lower case. */
  readonly header: string;
  readonly match: BotMatch;
  readonly action: 'Refuse' | 'Allow';
  readonly mode: ProtectionMode;
}

/** Missing: no header of the name, or an empty one. Values: the whole value. Regex: RE2, anywhere in the value. */
export type BotMatch =
  | { readonly kind: 'Missing' }
  | { readonly kind: 'Values'; readonly values: readonly string[] }
  | { readonly kind: 'Regex'; readonly regex: string };

/** Shadow: what would be refused is counted, and served. */
export type ProtectionMode = 'Enforce' | 'Shadow';

/** A protection from nothing; what equals it is left out of the bytes of a snapshot. */
export const protectionDefaults: Protections & Pick<Protection, 'unread'> = Object.freeze({
  connections: null,
  bans: null,
  requests: null,
  bots: null,
  reputation: Object.freeze([]),
  exempt: Object.freeze([]),
  unread: null,
});

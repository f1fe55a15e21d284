import type { ResourceId } from './ids.ts';
import type { Secret } from './secret.ts';

/**
 * API keys that are counted in one namespace: those of one Secret, or of some of its Consumers. It changes alone: what
 * lets people in by it names it and stays as it is.
 */
export interface CredentialSet {
  readonly kind: 'CredentialSet';
  readonly id: ResourceId;
  /** Of the consumers. */
  readonly namespace: string;
  /** One line a key (see {@link credentialLine}); one text, for a hundred thousand objects would be ten times as large. */
  readonly keys: Secret<string>;
  /** The plans of the keys that are enforced: who has one of them is let through by the Plan `<namespace>/<plan>` alone. */
  readonly plans: readonly string[];
}

/** What a set does that its encoded form does not tell. */
export const credentialSetDefaults: Pick<CredentialSet, 'plans'> = Object.freeze({
  plans: Object.freeze([]),
});

/** One key, and who calls by it. The key itself is known to nobody but its owner. */
export interface Credential {
  /** SHA-256 of the key, base64url, 43 characters. */
  readonly sha256: string;
  /** What of the key may be shown, such as `tp_ab12cd34`; `''`: nothing. */
  readonly prefix: string;
  readonly consumer: string;
  /** In seconds since 1970: from then on it is good no more; 0: it stays good. */
  readonly expiresS: number;
  /** `''`: none. */
  readonly plan: string;
  readonly groups: readonly string[];
}

/** Characters of a hash at the begin of each line. */
export const hashLength = 43;

/** `<sha256> <expires> <consumer> <prefix> <plan> <groups, joined by commas>`, blanks at the end left out. */
export function credentialLine(credential: Credential): string {
  const { sha256, prefix, consumer, expiresS, plan, groups } = credential;
  return `${sha256} ${expiresS} ${consumer} ${prefix} ${plan} ${groups.join(',')}`.trimEnd();
}

/**
 * What a {@link credentialLine} tells behind its hash and the blank that follows it.
 *
 * Hot path: asked for each request with a key, so without a list of the parts.
 */
export function ownerOf(told: string): Omit<Credential, 'sha256'> {
  const consumer = endOfPart(told, 0) + 1;
  const prefix = endOfPart(told, consumer) + 1;
  const plan = endOfPart(told, prefix) + 1;
  const groups = endOfPart(told, plan) + 1;
  return {
    prefix: told.slice(prefix, plan - 1),
    consumer: told.slice(consumer, prefix - 1),
    expiresS: Number(told.slice(0, consumer - 1)),
    plan: told.slice(plan, groups - 1),
    groups: groups >= told.length ? noGroups : told.slice(groups).split(','),
  };
}

/** The plan in what a {@link credentialLine} tells behind its hash; `''`: none. */
export function planOf(told: string): string {
  let plan = 0;
  for (let part = 0; part < planPart; part += 1) plan = endOfPart(told, plan) + 1;
  return told.slice(plan, endOfPart(told, plan));
}

/** Expiry, consumer and prefix come before it. */
const planPart = 3;

/** Where the part that begins at `from` ends: at a blank, or with the text. */
function endOfPart(told: string, from: number): number {
  const end = told.indexOf(' ', from);
  return end === -1 ? told.length : end;
}

const noGroups: readonly string[] = Object.freeze([]);

/** A name in a credential: of a consumer, a plan or a group. */
export const credentialName = /^[A-Za-z0-9](?:[A-Za-z0-9._@:+-]{0,126}[A-Za-z0-9])?$/;

const part = String.raw`[\w.@:+-]{1,253}`;

const line = new RegExp(
  String.raw`^[\w-]{${hashLength}} \d{1,15} ${part}(?: (?:${part})?(?: (?:${part})?(?: ${part}(?:,${part})*)?)?)?$`,
);

/** Whether `text` can be a {@link CredentialSet.keys}. */
export function areCredentialLines(text: string): boolean {
  return text === '' || text.split('\n').every((one) => line.test(one));
}

// Claims as header fields for the backend.
import { fieldLine } from '#dataplane/http/fields.ts';
import type { ClaimToHeader } from '#snapshot/authentication.ts';
import { isFieldValue } from '../headers.ts';
import { claimAt, scalarText, type Claims } from './claims.ts';

/** Name and line by turns, for each claim that is there and can be told without doubt; the first one for a name counts. */
export function identityLines(claims: Claims, mapping: readonly ClaimToHeader[]): readonly string[] {
  const fields = new Map<string, string>();
  for (const { claim, header } of mapping) {
    const value = fieldValueOf(claimAt(claims, claim));
    if (value !== null && !fields.has(header)) fields.set(header, value);
  }
  return [...fields].flatMap(([header, value]) => [header, fieldLine(header, value)]);
}

/** Name and line of the field `header` that tells `value`; nothing where it cannot be told without doubt. */
export function identityLine(header: string, value: string): readonly string[] {
  const told = fieldValueOf(value);
  return told === null ? [] : [header, fieldLine(header, told)];
}

/**
 * A claim as a field value: text as UTF-8, numbers and booleans as JSON spells them, a list of such joined by `,`,
 * anything with objects or lists inside as base64url of its JSON. Null, so that the field is absent and nothing is
 * mistaken, where the value would not arrive as it is: controls, blanks around it, a comma inside a list's member.
 */
export function fieldValueOf(claim: unknown): string | null {
  const text = textOf(claim);
  if (text === null) return null;
  const octets = Buffer.from(text, 'utf8').toString('latin1');
  return isFieldValue(octets) ? octets : null;
}

function textOf(claim: unknown): string | null {
  if (claim === undefined || claim === null) return null;
  if (typeof claim !== 'object') return scalarText(claim);
  if (!Array.isArray(claim) || claim.some((member) => typeof member === 'object' && member !== null)) {
    return Buffer.from(JSON.stringify(claim), 'utf8').toString('base64url');
  }
  const members = claim.map(scalarText);
  const doubtful = members.some(
    (member) => member === null || member.includes(',') || member.trim() !== member,
  );
  return doubtful ? null : members.join(',');
}

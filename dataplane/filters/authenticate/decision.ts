// What a service has said of a request, ready for the requests that it holds for.
import { removeField } from '#dataplane/http/aliases.ts';
import type { Exchange, Verdict } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import { fieldLine, Fields } from '#dataplane/http/fields.ts';
import { isHopByHop } from '#dataplane/http/hop-by-hop.ts';
import { isToken, isValueText } from '#dataplane/http/octets.ts';
import { isReservedField } from '#snapshot/reserved-fields.ts';
import { withParameter, withoutParameter } from './query.ts';

/** What was said of a request. Frozen, for it is kept. */
export interface Decision {
  /** Null: it may pass. */
  readonly refusal: Failure | null;
  /** What becomes of the fields that the backend gets, in order. */
  readonly edits: readonly FieldEdit[];
  /** The same of parameters of the query; null: the parameter goes. */
  readonly query: readonly (readonly [name: string, value: string | null])[];
  /** Fields of the answer that the client gets: name and line by turns. */
  readonly answerLines: readonly string[];
}

/** A change of a field; `name` in lower case, `line` as it is sent. */
export interface FieldEdit {
  readonly kind: 'Set' | 'Append' | 'AddIfAbsent' | 'OverwriteIfExists' | 'Remove';
  readonly name: string;
  readonly line: string;
}

/** What a service says decides nothing, as if it had not answered. */
export class UnusableAnswer extends Error {}

/** It lets the request pass with a field that cannot be sent, so it does not pass. */
export class UnsendableField extends Error {}

/** It may pass as it is, but for `parts`. */
export function passing(parts: Partial<Omit<Decision, 'refusal'>> = {}): Decision {
  return Object.freeze({ refusal: null, edits: [], query: [], answerLines: [], ...parts });
}

/** It may not pass, and the client is told this. */
export function refusing(refusal: Failure): Decision {
  return Object.freeze({ refusal, edits: [], query: [], answerLines: [] });
}

/** Does what `decision` says to the request. */
export function follow(exchange: Exchange, { refusal, edits, query, answerLines }: Decision): Verdict {
  const { forwarded, answerFields } = exchange;
  for (const edit of edits) apply(forwarded.fields, edit);
  for (const [name, value] of query) {
    forwarded.query =
      value === null ? withoutParameter(forwarded.query, name) : withParameter(forwarded.query, name, value);
  }
  for (let at = 0; at < answerLines.length; at += 2) {
    answerFields.appendLine(answerLines[at] ?? '', answerLines[at + 1] ?? '');
  }
  return refusal;
}

/** What replaces a field also replaces what a backend would take for it. */
function apply(fields: Fields, { kind, name, line }: FieldEdit): void {
  if (kind === 'AddIfAbsent' && fields.has(name)) return;
  if (kind === 'OverwriteIfExists' && !fields.has(name)) return;
  if (kind !== 'Append') removeField(fields, name);
  if (kind !== 'Remove') fields.appendLine(name, line);
}

/**
 * The field that a service names, in lower case and as a line; null for one that is not its to say: the target's, the
 * connection's, the framing's. Throws {@link UnsendableField}: to leave it out would let the client's own field of that
 * name pass.
 */
export function saidField(
  name: string,
  value: string,
): { readonly name: string; readonly line: string } | null {
  const lower = name.toLowerCase();
  if (isNotItsToSay(lower)) return null;
  if (!isSendable(lower, value)) throw new UnsendableField();
  return { name: lower, line: fieldLine(lower, value) };
}

/** Whether `name` (lower case) belongs to the target, the connection or the framing. */
export function isNotItsToSay(name: string): boolean {
  return name.startsWith(':') || isReservedField(name) || isHopByHop(name);
}

/** What the client is told: `told` names each field and its value. What cannot be sent is left out. */
export function answerFieldsOf(told: Iterable<readonly [name: string, value: string]>): Fields {
  const fields = new Fields();
  for (const [name, value] of told) {
    const lower = name.toLowerCase();
    // the gateway dates its answers itself
    if (isNotItsToSay(lower) || lower === 'date' || !isSendable(lower, value)) continue;
    fields.append(lower, value);
  }
  return fields;
}

function isSendable(name: string, value: string): boolean {
  return isToken(name) && isValueText(value);
}

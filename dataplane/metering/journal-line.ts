// What stands in a journal: one JSON object a line. A line that is written twice tells nothing new, and one that was
// torn tells nothing: what it would have let through had not passed yet.
import * as shape from '#snapshot/shape.ts';
import { type Shape, object } from '#snapshot/shape.ts';
import { timeMs, usageKeyFields, type UsageKey } from '#snapshot/usage.ts';

/** First line of each segment: whose it is. */
export interface BeginLine {
  readonly kind: 'begin';
  readonly gateway: string;
  readonly instance: string;
  /** Since 1970. */
  readonly atMs: number;
}

/** From now on so many units may be used; written before they are, and again in the next segment. */
export interface LeaseLine extends UsageKey {
  readonly kind: 'lease';
  /** Of this journal; each lease another. */
  readonly lease: number;
  readonly units: number;
  /** When it began. */
  readonly atMs: number;
}

/** From now on so many units may be used of a lease that there is, those it had included. */
export interface MoreLine {
  readonly kind: 'more';
  readonly lease: number;
  readonly units: number;
}

/** A lease is over, and so many of its units were used. Whose it was stands in an earlier segment perhaps. */
export interface UsedLine extends UsageKey {
  readonly kind: 'used';
  readonly lease: number;
  readonly units: number;
  /** When it began. */
  readonly fromMs: number;
  readonly atMs: number;
}

/** Nothing comes after it: the data plane has ended. */
export interface EndLine {
  readonly kind: 'end';
  readonly atMs: number;
}

export type JournalLine = BeginLine | LeaseLine | MoreLine | UsedLine | EndLine;

/** The line of `line`, with its end. */
export function textOf(line: JournalLine): string {
  return `${JSON.stringify(line)}\n`;
}

/** What `text`, a line without its end, says; null for what cannot be read. */
export function readLine(text: string): JournalLine | null {
  try {
    return line(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof shape.Mismatch) return null;
    throw error;
  }
}

const count = shape.integer(0);
const name = shape.shortText(1024);

const line: Shape<JournalLine> = shape.variant<JournalLine>('kind', {
  begin: object({ kind: shape.oneOf('begin'), gateway: name, instance: name, atMs: timeMs }),
  lease: object({ kind: shape.oneOf('lease'), lease: count, ...usageKeyFields, units: count, atMs: timeMs }),
  more: object({ kind: shape.oneOf('more'), lease: count, units: count }),
  used: object({
    kind: shape.oneOf('used'),
    lease: count,
    ...usageKeyFields,
    units: count,
    fromMs: timeMs,
    atMs: timeMs,
  }),
  end: object({ kind: shape.oneOf('end'), atMs: timeMs }),
});

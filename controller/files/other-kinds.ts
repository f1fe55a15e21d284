import { apiVersionOf, kinds } from '#crds/kind.ts';
import type { KindInfo } from '#crds/kind.ts';

/** `Ingress`; one whose name is that of a kind that we read, with both apiVersions, as that is often a slip. */
export function otherKind(apiVersion: string, kind: string): string {
  const namesake: KindInfo | undefined = Object.values(kinds).find((info) => info.kind === kind);
  if (namesake === undefined) return kind;
  return `${kind} of ${apiVersion} (that of ${apiVersionOf(namesake)} is read)`;
}

/** What was passed over, each kind with its number, in one line; null for nothing. */
export function otherKindsLine(others: readonly string[]): string | null {
  if (others.length === 0) return null;
  const counts = [...Map.groupBy(others, (other) => other)].sort(([a], [b]) => (a < b ? -1 : 1));
  const list = counts.map(([other, { length }]) => `${other} x${length}`).join(', ');
  return `${others.length} object${others.length === 1 ? '' : 's'} of other kinds passed over: ${list}`;
}

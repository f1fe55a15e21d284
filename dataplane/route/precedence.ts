// The order in which the matches of all routes of one listener are tried (Gateway API, HTTPRouteRule.matches).
import { isWildcard } from './hosts.ts';

/** What precedence looks at, once the hostname has had its say. */
export interface Rank {
  readonly kind: 'Exact' | 'Prefix' | 'Regex' | 'Last';
  readonly pathLength: number;
  readonly hasMethod: boolean;
  readonly headers: number;
  readonly query: number;
  readonly createdMs: number;
  /** `HTTPRoute/<namespace>/<name>`. */
  readonly route: string;
  readonly rule: number;
  readonly match: number;
}

/**
 * The Gateway API leaves the place of Regex open. As in Envoy Gateway and nginx it stands before Prefix: behind
 * it, one catch-all `/` in any route of the host would make every Regex of all others unreachable. Last (a method of
 * gRPC, whatever its service) stands behind every service that is named (GRPCRouteRule.matches), and so every Prefix
 * but the empty one, behind which nothing would ever be reached.
 */
const kindRank = { Exact: 0, Regex: 1, Prefix: 2, Last: 3 } as const satisfies Record<Rank['kind'], number>;

/**
 * Sorts what is tried first to the front: Exact, Regex, Prefix, Last, the empty Prefix; the longer path (of Regex: the longer pattern);
 * a method; more headers; more query parameters; the older route; its namespace and name by code units; the
 * earlier rule; the earlier match.
 */
export function byRank(a: Rank, b: Rank): number {
  return (
    placeOf(a) - placeOf(b) ||
    b.pathLength - a.pathLength ||
    Number(b.hasMethod) - Number(a.hasMethod) ||
    b.headers - a.headers ||
    b.query - a.query ||
    a.createdMs - b.createdMs ||
    byCodeUnits(a.route, b.route) ||
    a.rule - b.rule ||
    a.match - b.match
  );
}

function placeOf({ kind, pathLength }: Rank): number {
  return kind === 'Prefix' && pathLength === 0 ? kindRank.Last + 1 : kindRank[kind];
}

/** Sorts the more specific of two hostnames to the front: exact, then wildcard, then any; the longer first. */
export function byHostname(a: string, b: string): number {
  return hostRank(a) - hostRank(b) || b.length - a.length || byCodeUnits(a, b);
}

function hostRank(hostname: string): number {
  if (hostname === '') return 2;
  return isWildcard(hostname) ? 1 : 0;
}

function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

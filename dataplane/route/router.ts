import type { RequestHead } from '#dataplane/http/message.ts';

/**
 * The routes of one port. A request belongs to the listener with the most specific hostname, and to no other
 * (GEP-3567): when that one's routes do not match, nothing does.
 */
export interface Router<Listener, Rule> {
  /** The most specific listener for `host` (lower case, without port), or null. */
  listenerFor(host: string): RoutedListener<Listener, Rule> | null;
}

export interface RoutedListener<Listener, Rule> {
  readonly listener: Listener;
  /**
   * The rule that serves the request by the Gateway API's precedence, or null. `now` is a clock in milliseconds.
   * Throws when the patterns of the routes would take so long for this request that all others had to wait.
   */
  match(request: RequestHead, now: () => number): RoutedRule<Rule> | null;
}

export interface RoutedRule<Rule> {
  readonly rule: Rule;
  /** Length of what a Prefix match matched of the path, for rewrites; -1 for other matches. */
  readonly matchedPrefix: number;
}

import type { Ask } from './counter-store.ts';
import type { LimitRule } from './rule.ts';
import { hash } from 'node:crypto';

/** What requests need that wait: so many units each. */
export interface Need {
  readonly units: number;
  readonly requests: number;
}

const nobody: Need = { units: 1, requests: 0 };

/** Asks for what is needed now, and `more` for a lease. */
export function askFor(rule: LimitRule, key: string, { units, requests }: Need, more: number): Ask {
  // 128 bits name rule and key, bounded and without the client's data; braces keep a counter on one Redis slot.
  const name = hash('sha256', `${rule.counters}\n${key}`, 'hex').slice(0, 32);
  const keys = rule.meters.map(({ place }) => `turnpike:{${name}}:${place}`);
  const need = units * requests;
  return { keys, meters: rule.meters, units, need, want: need + more, since: 0, owed: [] };
}

/** Gives back tokens that were granted at `since` by the store's clock. */
export function backOf(rule: LimitRule, key: string, tokens: number, since: number): Ask {
  return { ...askFor(rule, key, nobody, -tokens), since };
}

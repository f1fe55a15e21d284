// What the answer to a request takes of a limit: told by its head, its trailers and its length, when it has ended.
import { responseGroup } from '#cel/response-variables.ts';
import type { RequestSubject } from '#cel/request-variables.ts';
import type { Variables } from '#cel/variables.ts';
import { atAnswer, atEnd, type Exchange } from '#dataplane/http/exchange.ts';
import { Fields } from '#dataplane/http/fields.ts';
import type { Cost } from '#snapshot/rate-limit.ts';
import { costReader } from './expressions.ts';

/**
 * Has `charge` told once what the answer to an exchange took, however that ends: one unit where no backend has answered;
 * null where nobody can tell.
 */
export type Charging = (exchange: Exchange, charge: (units: number | null) => void) => void;

/** What answers take by `cost`; null where requests do. */
export function answerCost(cost: Cost | null, variables: Variables<RequestSubject>): Charging | null {
  if (cost?.type !== 'Response') return null;
  const costs = costReader(cost, variables.with(responseGroup));
  return (exchange, charge) => {
    let answer: { readonly status: number; readonly fields: Fields } | null = null;
    atAnswer(exchange, ({ status, fields }) => {
      // Filters of answers may remove what tells the units.
      const kept = new Fields();
      kept.appendAll(fields);
      answer = { status, fields: kept };
    });
    atEnd(exchange, () => {
      if (answer === null) return charge(1);
      const { request, forwarded, client, rule, identity, bytesOut: bytes, trailers } = exchange;
      charge(costs({ request, forwarded, client, rule, identity, response: { ...answer, trailers, bytes } }));
    });
  };
}

import { wordsOf } from './conditions.ts';
import { gatewayUnit } from './gateway.ts';
import type { Read } from './memo.ts';
import { routeUnit } from './route.ts';
import type { Notice } from './translation.ts';

/** What an operator should hear of: rules that are closed, and stores that cannot be had. */
export function noticesOf(read: Read): readonly Notice[] {
  return [...gatewayNotices(read), ...routeNotices(read)];
}

function gatewayNotices(read: Read): readonly Notice[] {
  return read.list('Gateway').flatMap(({ metadata: { namespace, name } }) => {
    const problem = read.ask(gatewayUnit, namespace, name)?.parameters.storeProblem ?? null;
    const object = { kind: 'Gateway', namespace, name };
    return problem === null ? [] : [{ object, reason: 'StoreUnresolved', message: wordsOf(problem).message }];
  });
}

function routeNotices(read: Read): readonly Notice[] {
  return read.list('HTTPRoute').flatMap(({ metadata: { namespace, name } }) => {
    const closed = read.ask(routeUnit, namespace, name)?.parents.flatMap((one) => one.closed) ?? [];
    const object = { kind: 'HTTPRoute', namespace, name };
    const messages = new Set(closed.map(({ rule, reason }) => `Rule ${rule} is closed: ${reason}.`));
    return [...messages].map((message) => ({ object, reason: 'Closed', message }));
  });
}

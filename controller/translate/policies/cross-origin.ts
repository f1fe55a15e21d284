import type { Filter } from '#snapshot/filter.ts';
import type { Standing } from './nearness.ts';

/**
 * The filters of a rule that has `own`, where these policies meet: browsers are told one thing. Of policies that
 * override the farthest says it, else the rule by a filter of its own, else the nearest policy.
 */
export function withCrossOrigin(own: readonly Filter[], standings: readonly Standing[]): readonly Filter[] {
  const telling = standings.flatMap(({ holds, policy: { layer, crossOrigin } }) =>
    holds && crossOrigin !== undefined ? [{ layer, crossOrigin }] : [],
  );
  const overriding = telling.find(({ layer }) => layer === 'Overrides');
  const says = overriding ?? (own.some(({ kind }) => kind === 'Cors') ? undefined : telling.at(-1));
  return says === undefined ? own : [says.crossOrigin, ...own.filter(({ kind }) => kind !== 'Cors')];
}

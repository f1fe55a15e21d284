// What a GRPCRoute's rules match; what they do is that of any rule. A call is a request to the path
// `/<service>/<method>` (the protocol's PROTOCOL-HTTP2.md), so that the router of requests routes calls too.
import type { GRPCRouteMatch } from '#crds/gateway-api.ts';
import type { PathMatch } from '#snapshot/route.ts';
import type { Unit } from '../memo.ts';
import { ruleModel, type RuleModel } from './http.ts';
import { patternsProblem, readMatches, valueMatches, type RuleMatches } from './matches.ts';

/** The rules of the GRPCRoute of a namespace and name, in their order. */
export const grpcRulesUnit: Unit<readonly RuleModel[]> = {
  name: 'rules',
  compute(read, namespace = '', name = '') {
    const rules = read.get('GRPCRoute', namespace, name)?.spec.rules ?? [];
    const route = { kind: 'GRPCRoute', namespace, name };
    return rules.map((rule, index) => ruleModel(read, route, rule, { index, matchesAt: callMatches }));
  },
};

/** The matches of the rule at `field`; of a rule without matches, one of every call. */
function callMatches(matches: readonly GRPCRouteMatch[], field: string): RuleMatches {
  const all = matches.length === 0 ? [everyCall] : matches;
  return readMatches(all, field, {
    problemOf: (match, at) => patternsProblem(patternsOf(match), at),
    matchOf: ({ method, headers }) => ({
      path: method === undefined ? everyPath : pathOf(method),
      method: null,
      headers: valueMatches(headers, (name) => name.toLowerCase()),
      query: [],
    }),
  });
}

const everyCall: GRPCRouteMatch = { headers: [] };
const everyPath: PathMatch = { kind: 'Prefix', value: '' };

type MethodMatch = NonNullable<GRPCRouteMatch['method']>;

function pathOf(match: MethodMatch): PathMatch {
  const { type, service, method } = match;
  if (type === 'RegularExpression') {
    return { kind: 'Regex', value: patternOf(match) };
  }
  if (service === undefined) {
    return { kind: 'Last', value: `/${method ?? ''}` };
  }
  return method === undefined
    ? { kind: 'Prefix', value: `/${service}` }
    : { kind: 'Exact', value: `/${service}/${method}` };
}

/** Each alone must be a pattern, so that neither reaches out of its group. */
function patternOf({ service = '[^/]+', method = '[^/]+' }: Omit<MethodMatch, 'type'>): string {
  return `/(?:${service})/(?:${method})`;
}

function patternsOf({ method, headers }: GRPCRouteMatch): Parameters<typeof patternsProblem>[0] {
  const { type = 'Exact', service, method: name } = method ?? {};
  return [
    ...(service === undefined ? [] : [{ at: 'method.service', type, value: service }]),
    ...(name === undefined ? [] : [{ at: 'method.method', type, value: name }]),
    ...(method === undefined ? [] : [{ at: 'method', type, value: patternOf(method) }]),
    ...headers.map((one, index) => ({ at: `headers[${String(index)}].value`, ...one })),
  ];
}

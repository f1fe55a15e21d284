// What a route asks for, wherever it is attached: told once for all its parents, and made ready for each Gateway.
import type { RequestRoute } from '#crds/route-kind.ts';
import type { ListenerAttachment } from './attach.ts';
import type { GatewayModel } from './gateway.ts';
import type { Read, Unit } from './memo.ts';
import { extensionProblem } from './policies/protection.ts';
import type { Problem } from './problem.ts';
import { originOf, siteOf, type Site } from './route-at-gateway.ts';
import type { RuleModel } from './rules/http.ts';

/** A route's content, whatever its kind. */
export interface RouteContent {
  /** Why nothing of it can be served. */
  readonly problem: Problem | null;
  /** Some rules are not served as written. */
  readonly partial: Problem | null;
  readonly referenceProblems: readonly Problem[];
  /** Fields that have no effect yet. */
  readonly ignored: readonly string[];
  /** What a Gateway that takes the route needs to serve it. */
  readonly siteAt: (at: SiteAt) => Site;
}

/** A Gateway, and where it takes the route. */
export interface SiteAt {
  readonly gateway: GatewayModel;
  readonly attachments: readonly ListenerAttachment[];
}

/** That of a route of requests, whose rules `unit` answers. */
export function requestContent(
  read: Read,
  object: RequestRoute,
  unit: Unit<readonly RuleModel[]>,
): RouteContent {
  const { namespace, name } = object.metadata;
  const rules = read.ask(unit, namespace, name);
  const wrong = rules.flatMap((rule) => {
    const problem =
      rule.problem ??
      rule.extensions.map((one) => extensionProblem(read, namespace, one)).find((one) => one !== null) ??
      null;
    return problem === null ? [] : [{ rule: rule.name, problem }];
  });
  const [first] = wrong;
  const all = first !== undefined && wrong.length === rules.length;
  const names = wrong.map((one) => one.rule);
  return {
    problem: all ? first.problem : null,
    partial:
      first === undefined || all ? null : { kind: 'RulesDropped', rules: names, problem: first.problem },
    referenceProblems: rules.flatMap((rule) => rule.referenceProblems),
    ignored: rules.flatMap((rule) => rule.ignored),
    siteAt: (at) => siteOf(read, originOf(object), rules, at),
  };
}

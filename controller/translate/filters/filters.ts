// A rule's filters: those that edit, those that copy, those that ask a service, the one that answers instead of a
// backend, and those that name a policy.
import { exposesNothingByStar } from '#crds/cors.ts';
import type { HTTPRouteFilter } from '#crds/gateway-api.ts';
import type { BackendFilter, CorsFilter, Filter, HeaderFilter, RewriteFilter } from '#snapshot/filter.ts';
import { problemOfEdits } from '#snapshot/header-edits.ts';
import type { RedirectAction } from '#snapshot/route.ts';
import type { Problem } from '../problem.ts';
import { corsFilter } from './cors.ts';
import { askingFilter, type AskingFilter } from './external-auth.ts';
import { headerEdits } from './header-modifier.ts';
import { mirrorFilter, type MirrorFilter } from './mirror.ts';
import { redirectAction } from './redirect.ts';
import { rewriteFilter } from './rewrite.ts';

/** The filters of a rule, read. */
export interface RuleFilters {
  readonly filters: readonly Filter[];
  readonly mirrors: readonly MirrorFilter[];
  readonly redirect: RedirectAction | null;
  readonly extensions: readonly Extension[];
  readonly asking: readonly AskingFilter[];
  /** What cannot be done: the rule must not be served as if nothing stood there. */
  readonly problem: Problem | null;
  /** Fields that have no effect. */
  readonly ignored: readonly string[];
}

/** A filter of type ExtensionRef. */
export interface Extension {
  readonly field: string;
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  /** Why it names nothing; left out: it does. */
  readonly problem?: string;
}

type ReadFilter =
  | { readonly kind: 'Filter'; readonly filter: HeaderFilter | RewriteFilter }
  | { readonly kind: 'Cors'; readonly filter: CorsFilter; readonly ignored: readonly string[] }
  | { readonly kind: 'Mirror'; readonly mirror: MirrorFilter }
  | { readonly kind: 'Redirect'; readonly redirect: RedirectAction }
  | { readonly kind: 'Extension'; readonly extension: Extension }
  | { readonly kind: 'Asking'; readonly asking: AskingFilter }
  | { readonly kind: 'Unsupported'; readonly problem: Problem };

/** The filters of the rule at `field`, in their order. */
export function ruleFilters(filters: readonly HTTPRouteFilter[], field: string): RuleFilters {
  const read = filters.map((filter, index) => filterOf(filter, `${field}.filters[${String(index)}]`));
  const redirects = read.flatMap((one) => (one.kind === 'Redirect' ? [one.redirect] : []));
  const edits = read.flatMap((one) => ('filter' in one ? [one.filter] : []));
  const mirrors = read.flatMap((one) => (one.kind === 'Mirror' ? [one.mirror] : []));
  // A request that is redirected goes nowhere: there is nothing to rewrite or to copy.
  const together =
    redirects.length > 0 && (mirrors.length > 0 || edits.some((one) => one.kind === 'Rewrite'));
  const unsupported = read.find((one) => one.kind === 'Unsupported');
  return {
    filters: edits,
    mirrors,
    redirect: redirects[0] ?? null,
    extensions: read.flatMap((one) => (one.kind === 'Extension' ? [one.extension] : [])),
    asking: read.flatMap((one) => (one.kind === 'Asking' ? [one.asking] : [])),
    problem: together
      ? { kind: 'IncompatibleFilters', field: `${field}.filters` }
      : (unsupported?.problem ?? null),
    ignored: read.flatMap((one) => (one.kind === 'Cors' ? one.ignored : [])),
  };
}

/** The filters of a backend, read. */
export interface BackendFilters extends Pick<RuleFilters, 'mirrors' | 'problem'> {
  readonly filters: readonly BackendFilter[];
}

/** The filters of the backend at `field`: they edit requests to this one and their answers, or copy the requests. */
export function backendFilters(filters: readonly HTTPRouteFilter[], field: string): BackendFilters {
  const edits: BackendFilter[] = [];
  const mirrors: MirrorFilter[] = [];
  for (const [index, filter] of filters.entries()) {
    const at = `${field}.filters[${String(index)}]`;
    const read = filterOf(filter, at);
    if (read.kind === 'Filter') {
      edits.push(read.filter);
    } else if (read.kind === 'Mirror') {
      mirrors.push(read.mirror);
    } else {
      const problem = read.kind === 'Unsupported' ? read.problem : unsupported(`${at}.type`, filter.type);
      return { filters: [], mirrors: [], problem };
    }
  }
  return { filters: edits, mirrors, problem: null };
}

function filterOf(filter: HTTPRouteFilter, field: string): ReadFilter {
  switch (filter.type) {
    case 'RequestHeaderModifier':
      return headerFilter(
        { kind: 'RequestHeaders', ...headerEdits(filter.requestHeaderModifier) },
        `${field}.requestHeaderModifier`,
      );
    case 'ResponseHeaderModifier':
      return headerFilter(
        { kind: 'ResponseHeaders', ...headerEdits(filter.responseHeaderModifier) },
        `${field}.responseHeaderModifier`,
      );
    case 'URLRewrite':
      return { kind: 'Filter', filter: rewriteFilter(filter.urlRewrite) };
    case 'RequestRedirect':
      return { kind: 'Redirect', redirect: redirectAction(filter.requestRedirect) };
    case 'ExtensionRef':
      return { kind: 'Extension', extension: { field: `${field}.extensionRef`, ...filter.extensionRef } };
    case 'RequestMirror':
      return { kind: 'Mirror', mirror: mirrorFilter(filter.requestMirror, field) };
    case 'CORS':
      return {
        kind: 'Cors',
        filter: corsFilter(filter.cors),
        ignored: exposesNothingByStar(filter.cors) ? [`${field}.cors.exposeHeaders[*]`] : [],
      };
    case 'ExternalAuth': {
      const asking = askingFilter(filter.externalAuth, `${field}.externalAuth`);
      return 'kind' in asking ? { kind: 'Unsupported', problem: asking } : { kind: 'Asking', asking };
    }
    default:
      return filter satisfies never;
  }
}

function headerFilter(filter: HeaderFilter, field: string): ReadFilter {
  const problem = problemOfEdits(filter);
  return problem === null
    ? { kind: 'Filter', filter }
    : { kind: 'Unsupported', problem: { kind: 'UnsupportedValue', field, detail: `${problem}; remove it` } };
}

function unsupported(field: string, type: string): Problem {
  return {
    kind: 'UnsupportedValue',
    field,
    detail: `filters of type ${type} are not supported here; remove it`,
  };
}

// The reference: what a reader of the Gateway API would write who has all the time in the world. It tries every
// match of every route in one list, sorted anew for each request, and shares no code with the compiled router.
import type { RequestHead } from '#dataplane/http/message.ts';
import type { ListenerEntry, RouteEntry, Routing } from '#dataplane/route/compiled-router.ts';
import type { RoutedListener, RoutedRule, Router } from '#dataplane/route/router.ts';
import type { PathMatch, Route, RouteMatch, ValueMatch } from '#snapshot/route.ts';
import { RE2JS } from 're2js';

export function naiveRouter<L, R>(routing: Routing<L, RouteEntry, R>): Router<L, R> {
  return {
    listenerFor(host) {
      const fitting = routing.listeners.filter((entry) => hostFits(entry.hostname, host));
      const best = fitting.toSorted((a, b) => specificity(b.hostname) - specificity(a.hostname))[0];
      return best === undefined ? null : naiveListener(best, routing);
    },
  };
}

function naiveListener<L, R>(
  entry: ListenerEntry<L>,
  routing: Routing<L, RouteEntry, R>,
): RoutedListener<L, R> {
  return {
    listener: entry.listener,
    match(request) {
      if (!request.path.startsWith('/')) return null;
      const candidates = routing.routes
        .flatMap((routed) => candidatesOf(entry, routed.route, routing.rulesAt(routed, entry.listener)))
        .filter((candidate) => hostFits(candidate.serves, request.host))
        .filter(({ own, oneLabel }) => !oneLabel || own.split('.').length === request.host.split('.').length)
        .filter((candidate) => matches(candidate.match, request))
        .toSorted(precedence);
      return candidates[0]?.answer ?? null;
    },
  };
}

interface NaiveCandidate<R> {
  readonly route: Route;
  readonly serves: string;
  readonly own: string;
  readonly oneLabel: boolean;
  readonly match: RouteMatch;
  readonly rule: number;
  readonly index: number;
  readonly answer: RoutedRule<R>;
}

function candidatesOf<L, R>(entry: ListenerEntry<L>, route: Route, rules: readonly R[]): NaiveCandidate<R>[] {
  return route.attachments
    .filter((attachment) => attachment.listener === entry.id)
    .flatMap((attachment) => attachment.hostnames)
    .flatMap((host) =>
      route.rules.flatMap(({ matches }, rule) =>
        matches.map((match, index) => ({
          route,
          ...host,
          match,
          rule,
          index,
          answer: answerOf(match, rules[rule]),
        })),
      ),
    );
}

function answerOf<R>(match: RouteMatch, rule: R | undefined): RoutedRule<R> {
  if (rule === undefined) throw new Error('a rule is missing');
  return { rule, matchedPrefix: match.path.kind === 'Prefix' ? match.path.value.length : -1 };
}

// The longer of two of a kind is the more specific, and every exact name beats every wildcard.
function specificity(hostname: string): number {
  if (hostname === '') return 0;
  return hostname.startsWith('*.') ? hostname.length : 1000 + hostname.length;
}

function hostFits(hostname: string, host: string): boolean {
  if (hostname === '') return true;
  if (!hostname.startsWith('*.')) return hostname === host;
  return host.endsWith(hostname.slice(1)) && host.length > hostname.length - 1;
}

function precedence<R>(a: NaiveCandidate<R>, b: NaiveCandidate<R>): number {
  const steps = [
    specificity(b.own) - specificity(a.own),
    Number(b.oneLabel) - Number(a.oneLabel),
    placeOf(a.match.path) - placeOf(b.match.path),
    b.match.path.value.length - a.match.path.value.length,
    (b.match.method === null ? 0 : 1) - (a.match.method === null ? 0 : 1),
    distinct(b.match.headers).length - distinct(a.match.headers).length,
    distinct(b.match.query).length - distinct(a.match.query).length,
    a.route.createdMs - b.route.createdMs,
    Number(a.route.name > b.route.name) - Number(a.route.name < b.route.name),
    a.rule - b.rule,
    a.index - b.index,
  ];
  return steps.find((step) => step !== 0) ?? 0;
}

function placeOf({ kind, value }: PathMatch): number {
  if (kind === 'Prefix' && value === '') return 9;
  return ['Exact', 'Regex', 'Prefix', 'Last'].indexOf(kind);
}

function matches(match: RouteMatch, request: RequestHead): boolean {
  return (
    pathMatches(match.path, request.path) &&
    (match.method === null || match.method === request.method) &&
    distinct(match.headers).every((test) => valueMatches(test, headerOf(request, test.name))) &&
    distinct(match.query).every((test) => valueMatches(test, parameterOf(request, test.name)))
  );
}

function pathMatches(test: PathMatch, path: string): boolean {
  if (test.kind === 'Exact') return path === test.value;
  if (test.kind === 'Last') return `/${path.split('/').at(-1) ?? ''}` === test.value;
  if (test.kind === 'Regex') return RE2JS.matches(test.value, path);
  return path === test.value || path.startsWith(`${test.value}/`);
}

function valueMatches(test: ValueMatch, value: string | null): boolean {
  if (value === null) return false;
  return test.kind === 'Exact' ? value === test.value : RE2JS.matches(test.value, value);
}

function distinct(tests: readonly ValueMatch[]): readonly ValueMatch[] {
  return tests.filter((test, index) => tests.findIndex((other) => other.name === test.name) === index);
}

function headerOf(request: RequestHead, name: string): string | null {
  const { fields } = request;
  const places = Array.from({ length: fields.size }, (_, line) => line);
  const lines = places.filter((line) => fields.nameAt(line) === name).map((line) => fields.valueAt(line));
  return lines.length === 0 ? null : lines.join(', ');
}

function parameterOf(request: RequestHead, name: string): string | null {
  for (const pair of (request.query ?? '').split('&')) {
    const [key = '', ...rest] = pair.split('=');
    if (pair !== '' && decoded(key) === name) return decoded(rest.join('='));
  }
  return null;
}

function decoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}

// The routers that must agree, behind one way to make them: rules are told as `<namespace>/<route>#<rule>`.
import {
  RouterCompiler,
  type ListenerEntry,
  type RouteEntry,
  type Routing,
} from '#dataplane/route/compiled-router.ts';
import { compileMatches } from '#dataplane/route/matches.ts';
import type { Router } from '#dataplane/route/router.ts';
import type { Route } from '#snapshot/route.ts';
import { listenerId } from '#test/given/route.ts';
import assert from 'node:assert/strict';
import { naiveRouter } from './naive-router.ts';

/** Listener name to hostname. */
export type Listeners = Readonly<Record<string, string>>;
export type MakeRouter = (listeners: Listeners, routes: readonly Route[]) => Router<string, string>;

export const routers: Readonly<Record<string, MakeRouter>> = {
  'compiled router': (listeners, routes) =>
    new RouterCompiler<string, RouteEntry, string>().compile(routingOf(listeners, routes.map(entryOf))),
  'naive router': (listeners, routes) => naiveRouter(routingOf(listeners, routes.map(entryOf))),
};

/** A route with its matches compiled; they must be good. */
export function entryOf(route: Route): RouteEntry {
  const compiled = compileMatches(route);
  assert.ok(compiled.ok);
  return { route, matches: compiled.matches };
}

/** These listeners and routes; rules are told by name, always by the same array. */
export function routingOf(
  listeners: Listeners,
  routes: readonly RouteEntry[],
): Routing<string, RouteEntry, string> {
  return {
    listeners: entries(listeners),
    routes,
    rulesAt: ({ route }) => ruleNames(route),
    isSettled: () => false,
  };
}

const names = new WeakMap<Route, readonly string[]>();

function ruleNames(route: Route): readonly string[] {
  const made = () => route.rules.map((rule) => `${route.name.replace('HTTPRoute/', '')}#${rule.name}`);
  return names.getOrInsertComputed(route, made);
}

function entries(listeners: Listeners): readonly ListenerEntry<string>[] {
  return Object.entries(listeners).map(([name, hostname]) => ({
    id: listenerId(name),
    hostname,
    listener: name,
  }));
}

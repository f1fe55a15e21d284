// The routers that must agree, behind one way to make them: rules are told as `<namespace>/<route>#<rule>`.
import { RouterCompiler, type ListenerEntry } from '#dataplane/route/compiled-router.ts';
import { compileMatches } from '#dataplane/route/matches.ts';
import type { Router } from '#dataplane/route/router.ts';
import type { Route } from '#snapshot/route.ts';
import { listenerId } from '#test/given/route.ts';
import { naiveRouter } from './naive-router.ts';

/** Listener name to hostname. */
export type Listeners = Readonly<Record<string, string>>;
export type MakeRouter = (listeners: Listeners, routes: readonly Route[]) => Router<string, string>;

export const routers: Readonly<Record<string, MakeRouter>> = {
  'compiled router': (listeners, routes) =>
    new RouterCompiler<string, string>().compile(
      entries(listeners),
      routes.map((route) => {
        const compiled = compileMatches(route);
        if (!compiled.ok) throw new Error(compiled.reason);
        return { route, matches: compiled.matches, rulesAt: ruleNames(route) };
      }),
    ),
  'naive router': (listeners, routes) =>
    naiveRouter(
      entries(listeners),
      routes.map((route) => ({ route, rulesAt: ruleNames(route) })),
    ),
};

export function entries(listeners: Listeners): readonly ListenerEntry<string>[] {
  return Object.entries(listeners).map(([name, hostname]) => ({
    id: listenerId(name),
    hostname,
    listener: name,
  }));
}

export function ruleNames(route: Route): () => readonly string[] {
  const names = route.rules.map((rule) => `${route.name.replace('HTTPRoute/', '')}#${rule.name}`);
  return () => names;
}

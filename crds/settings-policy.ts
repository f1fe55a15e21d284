// Policies that set values instead of asking for something: their settings stand flat in the spec, or under defaults
// or overrides, and meet those of other levels group by group.
import * as z from 'zod';
import { withRules, type Rule } from './grammar.ts';
import { targetReferences, type TargetKind, type TargetReference } from './policy.ts';

/** Settings of a policy by the name of their group; which of them are there the policy says. */
export type Settings = Readonly<Record<string, unknown>>;

type Groups<Shape extends z.ZodRawShape> = { readonly [Name in keyof Shape]?: z.output<Shape[Name]> };

interface Targets {
  readonly targetRefs: readonly TargetReference[];
}

/** Settings of a policy where they stand. */
export type PlacedSettings<Group extends object> =
  | Group
  | { readonly defaults: { readonly strategy: 'Atomic' | 'Merge' } & Group }
  | { readonly overrides: { readonly strategy: 'Atomic' | 'Merge' } & Group };

/** What a policy of settings is made of. */
export interface SettingsOptions<Shape extends z.ZodRawShape> {
  readonly targets: readonly TargetKind[];
  /** The groups, each with a description; all may be left out. */
  readonly groups: Shape;
  /** Asked of the groups together, wherever they stand. */
  readonly rules: readonly Rule<Settings>[];
}

/** `spec` with settings for the targets themselves alone. */
export function flatSettingsSpec<Shape extends z.ZodRawShape>(
  options: SettingsOptions<Shape>,
): z.ZodType<Targets & Groups<Shape>> {
  const flat = z.object({ targetRefs: targetRefs(options.targets), ...optional(options.groups) });
  const spec = withRules(flat, [someSetting(Object.keys(options.groups)), ...options.rules]);
  return spec as unknown as z.ZodType<Targets & Groups<Shape>>;
}

/** `spec` with settings in exactly one of three places: flat, under defaults, under overrides. */
export function settingsSpec<Shape extends z.ZodRawShape>(
  options: SettingsOptions<Shape>,
): z.ZodType<Targets & PlacedSettings<Groups<Shape>>> {
  const { groups, rules } = options;
  const names = Object.keys(groups);
  const layer = withRules(z.object({ strategy, ...optional(groups) }), [someSetting(names), ...rules]);
  const flat = z.object({
    targetRefs: targetRefs(options.targets),
    ...optional(groups),
    defaults: layer
      .describe('Settings that hold unless a policy nearer to the backend has its own.')
      .exactOptional(),
    overrides: layer
      .describe('Settings that hold whatever policies nearer to the backend say.')
      .exactOptional(),
  });
  // The rule just added makes the flat object the union it is said to be.
  return withRules(flat, [
    someSetting([...names, ...layers]),
    onePlace(names),
    ...rules,
  ]) as unknown as z.ZodType<Targets & PlacedSettings<Groups<Shape>>>;
}

const strategy = z
  .enum(['Atomic', 'Merge'])
  .default('Atomic')
  .describe(
    'How these settings meet those of other policies of this kind on the way from Gateway to backend. Atomic: one policy wins whole. Merge: they are joined group by group, and a group in both goes to the winner.',
  );

function optional(groups: z.ZodRawShape): z.ZodRawShape {
  return Object.fromEntries(Object.entries(groups).map(([name, group]) => [name, z.exactOptional(group)]));
}

function targetRefs(kinds: readonly TargetKind[]) {
  return targetReferences(kinds)
    .min(1)
    .describe('What the policy holds for: objects of its own namespace, or parts of them.');
}

function someSetting(names: readonly string[]): Rule<Settings> {
  return {
    cel: names.map((name) => `has(self.${name})`).join(' || '),
    message: 'nothing is set: add a setting',
    holds: (settings) => names.some((name) => Object.hasOwn(settings, name)),
  };
}

const layers = ['defaults', 'overrides'] as const;

function onePlace(groups: readonly string[]): Rule<Settings> {
  const { cel, holds } = someSetting(groups);
  return {
    cel: `[${cel}, ${layers.map((name) => `has(self.${name})`).join(', ')}].filter(x, x).size() <= 1`,
    message:
      'settings must stand in exactly one place, in spec itself, in defaults or in overrides: move all of them there',
    holds: (spec) =>
      [holds(spec), ...layers.map((name) => Object.hasOwn(spec, name))].filter(Boolean).length <= 1,
  };
}

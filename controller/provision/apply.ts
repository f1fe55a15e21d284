// One Gateway: what plan.ts says is applied, what others changed of it is put back, what it no longer
// says goes. Does not know when, nor what a manifest is good for.
import { hash } from 'node:crypto';
import type { Clock } from '#controller/clock.ts';
import type { KubeClient } from '#controller/kube/kube-client.ts';
import type { WantedInfrastructure } from '#controller/translate/infrastructure/infrastructure.ts';
import { gatewayKey } from '#snapshot/ids.ts';
import { madeOf, type Made, type MadeObjects } from './made.ts';
import { applyManifest, failureOf, removeObject, renewAuthorities, type WriteFailure } from './objects.ts';
import { planInfrastructure } from './plan.ts';
import type { Manifest, ProvisionedKind } from './plan/manifest.ts';
import type { Platform } from './plan/platform.ts';
import type { Task } from './task.ts';

/** What an operator may want to hear. */
export type ProvisionEvent =
  | { readonly kind: 'Created' | 'Changed' | 'Removed'; readonly object: string }
  /** Somebody had changed a field of ours. */
  | { readonly kind: 'PutBack'; readonly object: string };

/** What all Gateways have in common. */
export interface ApplyContext {
  readonly client: KubeClient;
  readonly clock: Pick<Clock, 'elapsed'>;
  readonly made: MadeObjects;
  readonly platform: Platform;
  readonly report: (event: ProvisionEvent) => void;
  /** Asked before each object: false when the rest is to be left undone. */
  readonly isCurrent: () => boolean;
}

/** What came of it. */
export type Outcome =
  | { readonly kind: 'Done' }
  /** For something that will happen by itself. */
  | { readonly kind: 'Waiting' }
  | ({ readonly kind: 'Failed' } & WriteFailure);

/** Makes what is there for the Gateway of `task` as `task.wanted` says, and remembers in `task` what it applied. */
export function applyInfrastructure(task: Task, context: ApplyContext): Promise<Outcome> {
  const { wanted } = task;
  switch (wanted.kind) {
    case 'Kept':
      return keep(task, context);
    case 'Released':
      return remove(context.made.of(task.gateway), context);
    case 'Wanted':
      return make(task, wanted, context);
    default:
      return wanted satisfies never;
  }
}

/** A Gateway may be broken for longer than an authority lives: its data planes must still know their controllers. */
async function keep(task: Task, { client, made, platform, isCurrent }: ApplyContext): Promise<Outcome> {
  const { authorities } = platform;
  if (task.authorities === authorities || !isCurrent()) {
    return { kind: 'Done' };
  }
  const maps = made.of(task.gateway).filter(({ kind, isLeaving }) => kind === 'ConfigMap' && !isLeaving);
  for (const map of maps) {
    try {
      await renewAuthorities(client, map, authorities);
      task.authorities = authorities;
    } catch (error) {
      return failed(`ConfigMap ${map.namespace}/${map.name}`, error);
    }
  }
  return { kind: 'Done' };
}

async function make(task: Task, wanted: WantedInfrastructure, context: ApplyContext): Promise<Outcome> {
  const { manifests, initialReplicas } = planInfrastructure(wanted, context.platform);
  // One that fails does not hold up the others; the first to fail is told.
  const outcomes: Outcome[] = [];
  for (const manifest of manifests) {
    if (context.isCurrent()) outcomes.push(await ensure(task, { manifest, initialReplicas }, context));
  }
  const failure = outcomes.find((one) => one.kind === 'Failed');
  if (failure === undefined) task.authorities = context.platform.authorities;
  return failure ?? prune(wanted, manifests, context);
}

async function ensure(
  task: Task,
  { manifest, initialReplicas }: { readonly manifest: Manifest; readonly initialReplicas: number | null },
  { client, clock, made, report }: ApplyContext,
): Promise<Outcome> {
  const { kind, metadata } = manifest;
  const object = `${kind} ${metadata.namespace}/${metadata.name}`;
  const wanted = hash('sha256', JSON.stringify(manifest), 'base64');
  const before = task.applied.get(object);
  const live = made.get(kind, metadata.namespace, metadata.name);
  const isUnchanged = before?.manifest === wanted;
  if (isUnchanged && live?.uid === before.uid && live.fingerprint === before.fingerprint) {
    return { kind: 'Done' };
  }
  try {
    const result = await applyManifest(client, manifest, initialReplicas);
    const [was, is] = [result.before, result.after].map((one) => one && madeOf(kind, one));
    if (is) task.applied.set(object, { manifest: wanted, uid: is.uid, fingerprint: is.fingerprint });
    if (!was) {
      report({ kind: 'Created', object });
    } else if (was.fingerprint !== is?.fingerprint) {
      report({ kind: isUnchanged ? 'PutBack' : 'Changed', object });
      if (isUnchanged) task.quarrel(clock.elapsed());
    }
    return { kind: 'Done' };
  } catch (error) {
    return failed(object, error);
  }
}

/** What is there and no longer in the plan; the pods of the old workload only when a new one can take over. */
async function prune(
  { uid, namespace, name, gateway }: WantedInfrastructure,
  manifests: readonly Manifest[],
  context: ApplyContext,
): Promise<Outcome> {
  const { made } = context;
  const planned = new Set<string>(manifests.map(({ kind }) => kind));
  const surplus = made
    .of(gatewayKey(namespace, gateway))
    .filter((one) => one.owner === uid && !one.isLeaving && !(one.name === name && planned.has(one.kind)));
  const workload = manifests.find(({ kind }) => isWorkload(kind))?.kind ?? 'Deployment';
  const takesOver = (made.get(workload, namespace, name)?.readyPods ?? 0) > 0;
  if (surplus.some(({ kind }) => isWorkload(kind)) && !takesOver) {
    return { kind: 'Waiting' };
  }
  return remove(surplus, context);
}

async function remove(
  objects: readonly Made[],
  { client, report, isCurrent }: ApplyContext,
): Promise<Outcome> {
  for (const made of objects.filter(({ isLeaving }) => !isLeaving)) {
    if (!isCurrent()) break;
    const object = `${made.kind} ${made.namespace}/${made.name}`;
    try {
      await removeObject(client, made, made.uid);
      report({ kind: 'Removed', object });
    } catch (error) {
      return failed(object, error);
    }
  }
  return { kind: 'Done' };
}

function failed(object: string, error: unknown): Outcome {
  return { kind: 'Failed', ...failureOf(object, error) };
}

function isWorkload(kind: ProvisionedKind): boolean {
  return kind === 'Deployment' || kind === 'DaemonSet';
}

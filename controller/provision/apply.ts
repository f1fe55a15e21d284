// Makes it so: what plan.ts says of each Gateway is applied, what it no longer says goes, what others change of it is
// put back. Writes while it leads, and tries again what fails. Does not know what a manifest is good for.
import { hash } from 'node:crypto';
import { Reflector } from '#controller/kube/reflector.ts';
import type { Clock } from '#controller/clock.ts';
import type { KubeClient } from '#controller/kube/kube-client.ts';
import type { ReflectorEvent } from '#controller/kube/reflector.ts';
import type {
  Infrastructure,
  WantedInfrastructure,
} from '#controller/translate/infrastructure/infrastructure.ts';
import type { ProvisioningProblem } from '#controller/translate/input.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import { madeOf, MadeObjects, type Made } from './made.ts';
import { applyManifest, problemOf, removeObject } from './objects.ts';
import { planInfrastructure } from './plan.ts';
import { controllerSelector } from './plan/labels.ts';
import { provisionedKinds, type Manifest, type ProvisionedKind } from './plan/manifest.ts';
import type { Platform } from './plan/platform.ts';
import { Task } from './task.ts';

export interface ProvisionerOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly platform: Omit<Platform, 'authorities'>;
  /** Where Gateways are; null for all namespaces. */
  readonly namespaces: readonly string[] | null;
  /** Why something cannot be made for a Gateway; null when nothing is wrong (any more). */
  readonly observe: (gateway: GatewayKey, problem: ProvisioningProblem | null) => void;
  readonly report: (event: ProvisionEvent) => void;
  readonly reportWatch: (event: ReflectorEvent) => void;
}

/** What an operator may want to hear. */
export type ProvisionEvent =
  | { readonly kind: 'Created' | 'Changed' | 'Removed'; readonly object: string }
  /** Somebody had changed a field of ours. */
  | { readonly kind: 'PutBack'; readonly object: string };

const concurrency = 8;
/** So many failures in a row of a server that does not answer are no news. */
const silentFailures = 3;
/** Until the workload that takes over has a pod that is ready. */
const takeOverMs = 1_000;
/** Provisions what it is told of while it leads. */
export class Provisioner {
  readonly #options: ProvisionerOptions;
  readonly #tasks = new Map<GatewayKey, Task>();
  readonly #queue: Task[] = [];
  #made: MadeObjects;
  #reflectors: readonly Reflector<ProvisionedKind>[] = [];
  #platform: Platform | null = null;
  #active = 0;
  #leading = false;

  constructor(options: ProvisionerOptions) {
    this.#options = options;
    this.#made = this.#nothingMade();
  }

  /** All Gateways that there are, and what is to become of what is made for them. */
  put(infrastructure: ReadonlyMap<GatewayKey, Infrastructure>): void {
    for (const [gateway, wanted] of infrastructure) {
      const task = this.#tasks.get(gateway);
      if (task === undefined) {
        this.#tasks.set(gateway, new Task(gateway, wanted, this.#options.random));
      } else if (task.wanted === wanted) {
        continue;
      } else {
        task.wanted = wanted;
        task.forgetFailures();
      }
      this.#want(gateway);
    }
    for (const [gateway, task] of this.#tasks) {
      if (!infrastructure.has(gateway)) {
        // What it owned goes with it.
        task.callOff();
        this.#tasks.delete(gateway);
        this.#options.observe(gateway, null);
      }
    }
  }

  /** The authorities (PEM) that data planes are told of; nothing is made before they are known. */
  useAuthorities(authorities: string): void {
    this.#platform = { ...this.#options.platform, authorities };
    for (const gateway of this.#tasks.keys()) this.#want(gateway);
  }

  /** From now on this replica writes, beginning with a look at all there is. */
  lead(): void {
    this.#leading = true;
    const { namespaces, client, clock, random, platform, reportWatch } = this.#options;
    const labelSelector = controllerSelector(platform.controllerName);
    this.#reflectors = Object.values(provisionedKinds).flatMap((info) =>
      (namespaces ?? [null]).map(
        (namespace) =>
          new Reflector<ProvisionedKind>({
            client,
            clock,
            random,
            info,
            sink: this.#made.sink(namespace),
            selectors: { labelSelector },
            report: reportWatch,
            ...(namespace === null ? {} : { namespace }),
          }),
      ),
    );
    for (const reflector of this.#reflectors) reflector.start();
    for (const gateway of this.#tasks.keys()) this.#want(gateway);
  }

  /** From now on this replica writes no more. */
  async follow(): Promise<void> {
    this.#leading = false;
    const reflectors = this.#reflectors;
    this.#reflectors = [];
    this.#made = this.#nothingMade();
    for (const task of this.#tasks.values()) {
      task.forgetFailures();
      task.applied.clear();
      this.#options.observe(task.gateway, null);
    }
    await Promise.all(reflectors.map((one) => one.stop()));
  }

  #nothingMade(): MadeObjects {
    const made: MadeObjects = new MadeObjects((gateway) => {
      if (this.#made === made) this.#changed(gateway);
    });
    return made;
  }

  /** Something that was made came, went or changed: whether by us, the work will tell. */
  #changed(gateway: GatewayKey): void {
    const task = this.#tasks.get(gateway);
    if (task === undefined) {
      return;
    }
    if (task.failures > 0 && !task.running) {
      // A failure has its time, which what we do ourselves must not bring forward.
      return;
    }
    if (task.patienceMs === 0 || task.running) this.#want(gateway);
    else this.#wantIn(task, task.patienceMs);
  }

  #wantIn(task: Task, ms: number): void {
    task.callOff();
    task.callOff = this.#options.clock.after(ms, () => this.#want(task.gateway));
  }

  #want(gateway: GatewayKey): void {
    const task = this.#tasks.get(gateway);
    if (task === undefined || task.queued || !this.#leading || this.#platform === null) {
      return;
    }
    if (task.running) {
      task.again = true;
      return;
    }
    task.callOff();
    task.queued = true;
    this.#queue.push(task);
    this.#next();
  }

  #next(): void {
    while (this.#active < concurrency) {
      const task = this.#queue.shift();
      if (task === undefined) return;
      this.#active += 1;
      task.queued = false;
      task.running = true;
      void this.#run(task).finally(() => {
        this.#active -= 1;
        task.running = false;
        const { again } = task;
        task.again = false;
        // After a failure its time has to pass: what changed is mostly what was made before it.
        if (again && task.failures === 0) this.#want(task.gateway);
        this.#next();
      });
    }
  }

  async #run(task: Task): Promise<void> {
    const { observe } = this.#options;
    const { wanted } = task;
    const outcome = await this.#work(task, wanted);
    if (task.wanted !== wanted || !this.#leading || !this.#tasks.has(task.gateway)) {
      return;
    }
    switch (outcome.kind) {
      case 'Done':
        task.forgetFailures();
        observe(task.gateway, null);
        break;
      case 'Waiting':
        this.#wantIn(task, takeOverMs);
        observe(task.gateway, null);
        break;
      case 'Failed': {
        this.#wantIn(task, task.fail());
        const problem = outcome.problem ?? (task.failures > silentFailures ? outcome.unanswered : null);
        if (problem !== null) observe(task.gateway, problem);
        break;
      }
      default:
        outcome satisfies never;
    }
  }

  #work(task: Task, wanted: Infrastructure): Promise<Outcome> {
    switch (wanted.kind) {
      case 'Kept':
        return Promise.resolve({ kind: 'Done' });
      case 'Released':
        return this.#remove(this.#made.of(task.gateway));
      case 'Wanted':
        return this.#make(task, wanted);
      default:
        return wanted satisfies never;
    }
  }

  async #make(task: Task, wanted: WantedInfrastructure): Promise<Outcome> {
    if (this.#platform === null) {
      return { kind: 'Done' };
    }
    const { manifests, initialReplicas } = planInfrastructure(wanted, this.#platform);
    // One that fails does not hold up the others; the first to fail is told.
    const outcomes: Outcome[] = [];
    for (const manifest of manifests) {
      outcomes.push(await this.#ensure(task, manifest, initialReplicas));
    }
    const failed = outcomes.find((one) => one.kind === 'Failed');
    return failed ?? this.#prune(task, wanted, manifests);
  }

  async #ensure(task: Task, manifest: Manifest, initialReplicas: number | null): Promise<Outcome> {
    const { client, report, clock } = this.#options;
    const { kind, metadata } = manifest;
    const object = `${kind} ${metadata.namespace}/${metadata.name}`;
    const wanted = hash('sha256', JSON.stringify(manifest), 'base64');
    const before = task.applied.get(object);
    const live = this.#made.get(kind, metadata.namespace, metadata.name);
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
  async #prune(
    task: Task,
    { uid, namespace, name }: WantedInfrastructure,
    manifests: readonly Manifest[],
  ): Promise<Outcome> {
    const planned = new Set<string>(manifests.map(({ kind }) => kind));
    const surplus = this.#made
      .of(task.gateway)
      .filter((one) => one.owner === uid && !one.isLeaving && !(one.name === name && planned.has(one.kind)));
    const workload = manifests.find(({ kind }) => isWorkload(kind))?.kind ?? 'Deployment';
    const takesOver = (this.#made.get(workload, namespace, name)?.readyPods ?? 0) > 0;
    if (surplus.some(({ kind }) => isWorkload(kind)) && !takesOver) {
      return { kind: 'Waiting' };
    }
    return this.#remove(surplus);
  }

  async #remove(objects: readonly Made[]): Promise<Outcome> {
    const { client, report } = this.#options;
    for (const made of objects) {
      const object = `${made.kind} ${made.namespace}/${made.name}`;
      try {
        if (!made.isLeaving) await removeObject(client, made, made.uid);
        report({ kind: 'Removed', object });
      } catch (error) {
        return failed(object, error);
      }
    }
    return { kind: 'Done' };
  }
}

type Outcome =
  | { readonly kind: 'Done' }
  /** For something that will happen by itself. */
  | { readonly kind: 'Waiting' }
  /** `problem` is null for what may well pass; `unanswered` is told when it does not. */
  | {
      readonly kind: 'Failed';
      readonly problem: ProvisioningProblem | null;
      readonly unanswered: ProvisioningProblem;
    };

function failed(object: string, error: unknown): Outcome {
  const problem = problemOf(object, error);
  const message = `${object} cannot be written: ${error instanceof Error ? error.message : String(error)}`;
  return { kind: 'Failed', problem, unanswered: { reason: 'Failing', message } };
}

function isWorkload(kind: ProvisionedKind): boolean {
  return kind === 'Deployment' || kind === 'DaemonSet';
}

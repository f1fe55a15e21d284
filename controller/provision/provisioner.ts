// When something is done for which Gateway: while this replica leads, as soon as something is to be done, some at a
// time, and again what failed. What is done is apply.ts's.
import { Reflector } from '#controller/kube/reflector.ts';
import type { Clock } from '#controller/clock.ts';
import type { KubeClient } from '#controller/kube/kube-client.ts';
import type { ReflectorEvent } from '#controller/kube/reflector.ts';
import type { Infrastructure } from '#controller/translate/infrastructure/infrastructure.ts';
import type { ProvisioningProblem } from '#controller/translate/input.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import { applyInfrastructure, type ProvisionEvent } from './apply.ts';
import { MadeObjects } from './made.ts';
import { controllerSelector } from './plan/labels.ts';
import { provisionedKinds, type ProvisionedKind } from './plan/manifest.ts';
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

/** So many Gateways are worked on at once. */
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
  /** Null while this replica does not lead. */
  #made: MadeObjects | null = null;
  #reflectors: readonly Reflector<ProvisionedKind>[] = [];
  #platform: Platform | null = null;
  #active = 0;

  constructor(options: ProvisionerOptions) {
    this.#options = options;
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
    const made: MadeObjects = new MadeObjects((gateway) => {
      if (this.#made === made) this.#changed(gateway);
    });
    this.#made = made;
    this.#reflectors = this.#watches(made);
    for (const reflector of this.#reflectors) reflector.start();
    for (const gateway of this.#tasks.keys()) this.#want(gateway);
  }

  /** From now on this replica writes no more, but for the requests that are under way. */
  async follow(): Promise<void> {
    const reflectors = this.#reflectors;
    this.#reflectors = [];
    this.#made = null;
    for (const task of this.#queue.splice(0)) task.queued = false;
    for (const task of this.#tasks.values()) {
      task.forgetFailures();
      task.applied.clear();
      this.#options.observe(task.gateway, null);
    }
    await Promise.all(reflectors.map((one) => one.stop()));
  }

  #watches(made: MadeObjects): readonly Reflector<ProvisionedKind>[] {
    const { namespaces, client, clock, random, platform, reportWatch } = this.#options;
    const labelSelector = controllerSelector(platform.controllerName);
    return Object.values(provisionedKinds).flatMap((info) =>
      (namespaces ?? [null]).map(
        (namespace) =>
          new Reflector<ProvisionedKind>({
            client,
            clock,
            random,
            info,
            sink: made.sink(namespace),
            selectors: { labelSelector },
            report: reportWatch,
            ...(namespace === null ? {} : { namespace }),
          }),
      ),
    );
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
    if (task.running) task.again = true;
    else this.#answer(task);
  }

  /** Whoever changes it all the time neither hurries the answer nor puts it off. */
  #answer(task: Task): void {
    if (task.patienceMs === 0) {
      this.#want(task.gateway);
    } else if (!task.answering) {
      this.#wantIn(task, task.patienceMs);
      task.answering = true;
    }
  }

  #wantIn(task: Task, ms: number): void {
    task.callOff();
    task.callOff = this.#options.clock.after(ms, () => this.#want(task.gateway));
  }

  #want(gateway: GatewayKey): void {
    const task = this.#tasks.get(gateway);
    if (task === undefined || task.queued || this.#made === null || this.#platform === null) {
      return;
    }
    if (task.running) {
      task.again = true;
      return;
    }
    task.callOff();
    task.answering = false;
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
      const { wanted } = task;
      void this.#run(task, wanted).finally(() => {
        this.#active -= 1;
        task.running = false;
        const { again } = task;
        task.again = false;
        // After a failure its time has to pass: what changed is mostly what was made before it.
        if (again && task.wanted !== wanted) this.#want(task.gateway);
        else if (again && task.failures === 0) this.#answer(task);
        this.#next();
      });
    }
  }

  async #run(task: Task, wanted: Infrastructure): Promise<void> {
    const { observe, client, clock, report } = this.#options;
    const [made, platform] = [this.#made, this.#platform];
    const isCurrent = () =>
      this.#made === made && this.#tasks.get(task.gateway) === task && task.wanted === wanted;
    if (made === null || platform === null || !isCurrent()) {
      return;
    }
    const outcome = await applyInfrastructure(task, { client, clock, report, made, platform, isCurrent });
    if (!isCurrent()) {
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
        const isNews = outcome.remedy === 'Needed' || task.failures > silentFailures;
        if (isNews) observe(task.gateway, outcome.problem);
        break;
      }
      default:
        outcome satisfies never;
    }
  }
}

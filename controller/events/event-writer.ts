// Kubernetes Events: for what a user must know and a status cannot tell. Never the only place where it is told.
import { createHash } from 'node:crypto';
import { collectionPath } from '#controller/kube/resource-path.ts';
import { microTime } from '#controller/kube/micro-time.ts';
import type { Clock } from '#controller/clock.ts';
import type { KubeClient } from '#controller/kube/kube-client.ts';

/** One thing that happened to an object. */
export interface Happening {
  readonly regarding: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  };
  readonly type: 'Normal' | 'Warning';
  /** One word. */
  readonly reason: string;
  /** One word: what was being done. */
  readonly action: string;
  readonly note: string;
}

export interface EventWriterOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** The pod's name. */
  readonly instance: string;
  readonly report: (error: unknown) => void;
}

/** The API's limit, which it counts in octets. */
const noteBytesMax = 1024;

const repeatMs = 600_000;
const rememberedMax = 2_000;
const burst = 25;
const refillMs = 2_000;
/** Of the burst what is left for namespaces of which little is heard. */
const reserve = 10;
/** A namespace with so many in so long is heard of much. */
const loudCount = 5;
const loudMs = 60_000;
const location = { group: 'events.k8s.io', version: 'v1', plural: 'events' };

/**
 * Writes events; the same one at most every ten minutes, all together at most one in two seconds after a burst. A
 * namespace with many leaves some of that for the others.
 */
export class EventWriter {
  readonly #options: EventWriterOptions;
  /** When each was written last, oldest first. */
  readonly #written = new Map<string, number>();
  #tokens = burst;
  #refilledAt: number;
  #failing = false;
  /** How many were written of each namespace since {@link #countedFrom}. */
  readonly #counts = new Map<string, number>();
  #countedFrom: number;

  constructor(options: EventWriterOptions) {
    this.#options = options;
    this.#refilledAt = options.clock.elapsed();
    this.#countedFrom = this.#refilledAt;
  }

  /** Writes `happening` unless it was just written, or there are too many. Never fails. */
  write(happening: Happening): void {
    const key = createHash('sha256').update(JSON.stringify(happening)).digest('hex').slice(0, 32);
    const now = this.#options.clock.elapsed();
    const last = this.#written.get(key);
    if ((last !== undefined && now - last < repeatMs) || !this.#take(now, happening.regarding.namespace)) {
      return;
    }
    this.#remember(key, now);
    void this.#send(happening, key);
  }

  #take(now: number, namespace: string): boolean {
    const refill = Math.floor((now - this.#refilledAt) / refillMs);
    this.#refilledAt += refill * refillMs;
    this.#tokens = Math.min(burst, this.#tokens + refill);
    if (now - this.#countedFrom >= loudMs) {
      this.#counts.clear();
      this.#countedFrom = now;
    }
    const count = this.#counts.get(namespace) ?? 0;
    if (this.#tokens <= (count >= loudCount ? reserve : 0)) {
      return false;
    }
    this.#tokens -= 1;
    this.#counts.set(namespace, count + 1);
    return true;
  }

  #remember(key: string, now: number): void {
    this.#written.delete(key);
    this.#written.set(key, now);
    const [oldest] = this.#written.keys();
    if (this.#written.size > rememberedMax && oldest !== undefined) {
      this.#written.delete(oldest);
    }
  }

  async #send(happening: Happening, key: string): Promise<void> {
    const { client, clock, instance, report } = this.#options;
    // Events of objects without a namespace live in this one.
    const namespace = happening.regarding.namespace === '' ? 'default' : happening.regarding.namespace;
    const now = clock.now();
    try {
      await client.request({
        method: 'POST',
        path: collectionPath(location, namespace),
        body: {
          apiVersion: 'events.k8s.io/v1',
          kind: 'Event',
          metadata: { name: `turnpike.${key.slice(0, 16)}.${now.toString(16)}`, namespace },
          eventTime: microTime(now),
          reportingController: 'turnpike.dev/gateway-controller',
          reportingInstance: instance,
          ...happening,
          note: shortNote(happening.note),
        },
      });
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) report(error);
      this.#failing = true;
    }
  }
}

/** A character that does not fit whole is left out. */
function shortNote(note: string): string {
  const bytes = Buffer.from(note);
  return bytes.length <= noteBytesMax
    ? note
    : new TextDecoder().decode(bytes.subarray(0, noteBytesMax), { stream: true });
}

// How often lists of addresses are read: a feed may write its ConfigMap again and again, and to read one of 1 MiB takes a
// tenth of a second in which the controller does nothing else.
import type { KindMap } from '#crds/kind.ts';
import type { Clock } from './clock.ts';
import type { ObjectReader } from './translate/input.ts';

type ConfigMap = KindMap['ConfigMap'];

/** For so long a list of so many characters is not read anew: a hundred times as long as that takes, 10 s for 1 MiB. */
const paceMsPerCharacter = 10_000 / 2 ** 20;

export interface ListPaceOptions {
  readonly clock: Clock;
  readonly objects: Pick<ObjectReader, 'get'>;
  /** Asks for another pass. */
  readonly renew: () => void;
}

/** A list as it was taken, until it may be taken anew. */
interface Taken {
  readonly configMap: ConfigMap | undefined;
  readonly untilMs: number;
  pass: number;
}

/**
 * The ConfigMaps of lists as a pass shall see them: the first change counts at once, and those that follow it too soon
 * count together when its time is over. What is gone and there again in that time has not been away.
 */
export class ListPace {
  readonly #options: ListPaceOptions;
  readonly #taken = new Map<string, Taken>();
  #pass = 0;
  #nowMs = 0;
  #dueMs = Number.POSITIVE_INFINITY;
  #callOff: (() => void) | null = null;

  constructor(options: ListPaceOptions) {
    this.#options = options;
  }

  /** A pass begins: what the last one did not ask for is forgotten. */
  turn(): void {
    for (const [key, { pass }] of this.#taken) if (pass < this.#pass) this.#taken.delete(key);
    this.#pass += 1;
    this.#nowMs = this.#options.clock.elapsed();
  }

  /** The ConfigMap of a namespace and name; the same through all of a pass. */
  get(namespace: string, name: string): ConfigMap | undefined {
    const key = `${namespace}/${name}`;
    const configMap = this.#options.objects.get('ConfigMap', namespace, name);
    const known = this.#taken.get(key);
    if (known !== undefined) {
      known.pass = this.#pass;
      if (known.configMap === configMap) return configMap;
      if (this.#nowMs < known.untilMs) {
        this.#comeAgain(known.untilMs);
        return known.configMap;
      }
    }
    const untilMs = this.#nowMs + paceMsPerCharacter * lengthOf(configMap);
    this.#taken.set(key, { configMap, untilMs, pass: this.#pass });
    return configMap;
  }

  stop(): void {
    this.#callOff?.();
    this.#callOff = null;
  }

  #comeAgain(dueMs: number): void {
    if (this.#callOff !== null && this.#dueMs <= dueMs) return;
    this.#callOff?.();
    this.#dueMs = dueMs;
    this.#callOff = this.#options.clock.after(dueMs - this.#nowMs, () => {
      this.#callOff = null;
      this.#options.renew();
    });
  }
}

function lengthOf(configMap: ConfigMap | undefined): number {
  return Object.values(configMap?.data ?? {}).reduce((sum, { length }) => sum + length, 0);
}

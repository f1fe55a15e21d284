import { isDeepStrictEqual } from 'node:util';
import { archiveData, archivedKeys } from '#controller/keys/key-archive.ts';
import { applyConfigMap } from '#controller/kube/objects.ts';
import { readKeys } from '#controller/translate/policies/key-set.ts';
import type { Clock } from '#controller/clock.ts';
import type { KeyFetcher } from '#controller/keys/key-fetcher.ts';
import type { KubeClient } from '#controller/kube/kube-client.ts';
import type { Store } from '#controller/store/store.ts';

export interface KeyKeeperOptions {
  readonly client: KubeClient;
  readonly store: Store;
  readonly clock: Clock;
  readonly keys: KeyFetcher;
  /** The controller's. */
  readonly namespace: string;
  /** Hears why the keys could not be kept; it is tried again. */
  readonly report: (error: unknown) => void;
}

const archiveName = 'turnpike-keys';
const delayMs = 1_000;
const retryMs = 10_000;

/** Keeps good public keys in a ConfigMap: the leader writes it, every replica reads it, also after a restart. */
export class KeyKeeper {
  readonly #options: KeyKeeperOptions;
  #leading = false;
  #callOff: (() => void) | null = null;

  constructor(options: KeyKeeperOptions) {
    this.#options = options;
    options.store.subscribe((change) => {
      if (change.kind === 'Object' && change.of === 'ConfigMap' && change.name === archiveName) {
        if (change.namespace === options.namespace) this.read();
      } else if (change.kind === 'Keys' && this.#leading) {
        this.#writeIn(delayMs);
      }
    });
  }

  /** Takes over what is in the ConfigMap. */
  read(): void {
    this.#options.keys.adopt(archivedKeys(this.#kept(), readKeys));
  }

  lead(): void {
    this.#leading = true;
    this.#options.keys.lead();
  }

  follow(): void {
    this.#leading = false;
    this.#callOff?.();
    this.#callOff = null;
    this.#options.keys.follow();
  }

  #kept(): Readonly<Record<string, string>> {
    const { store, namespace } = this.#options;
    return store.objects.get('ConfigMap', namespace, archiveName)?.data ?? {};
  }

  #writeIn(ms: number): void {
    this.#callOff ??= this.#options.clock.after(ms, () => {
      this.#callOff = null;
      void this.#write();
    });
  }

  async #write(): Promise<void> {
    const { client, keys, namespace, report } = this.#options;
    const data = archiveData(keys.good);
    if (!this.#leading || isDeepStrictEqual({ ...this.#kept() }, data)) {
      return;
    }
    try {
      await applyConfigMap(client, { namespace, name: archiveName }, data);
    } catch (error) {
      report(error);
      if (this.#leading) this.#writeIn(retryMs);
    }
  }
}

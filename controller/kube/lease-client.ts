import { isRecord } from '#crds/record.ts';
import { sourceObject } from '#controller/source.ts';
import { KubeError } from './kube-error.ts';
import { microTime } from './micro-time.ts';
import { collectionPath, objectPath } from './resource-path.ts';
import type { KubeClient } from './kube-client.ts';

/** coordination.k8s.io/v1 Lease, as far as an election needs it. */
export interface Lease {
  readonly resourceVersion: string;
  /** Empty when nobody holds it. */
  readonly holder: string;
  readonly durationSeconds: number;
  /** Milliseconds since 1970. */
  readonly acquiredAt: number;
  readonly renewedAt: number;
  readonly transitions: number;
  /** Where the holder takes reports from the others; null when it does not tell. */
  readonly address: string | null;
}

const location = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };
const addressAnnotation = 'turnpike.dev/publish-address';
/** A leader must know soon whether it still is one. */
const deadlineMs = 4_000;

/** The Lease `namespace`/`name`, for an election. */
export class KubeLeaseClient {
  readonly #client: KubeClient;
  readonly #namespace: string;
  readonly #name: string;

  constructor(client: KubeClient, namespace: string, name: string) {
    this.#client = client;
    this.#namespace = namespace;
    this.#name = name;
  }

  async read(): Promise<Lease | null> {
    try {
      return leaseOf(await this.#client.request({ method: 'GET', path: this.#path, deadlineMs }));
    } catch (error) {
      if (error instanceof KubeError && error.failure === 'NotFound') return null;
      throw error;
    }
  }

  async create(lease: Lease): Promise<Lease> {
    const path = collectionPath(location, this.#namespace);
    return leaseOf(
      await this.#client.request({ method: 'POST', path, body: this.#object(lease), deadlineMs }),
    );
  }

  async update(lease: Lease): Promise<Lease> {
    const body = this.#object(lease);
    return leaseOf(await this.#client.request({ method: 'PUT', path: this.#path, body, deadlineMs }));
  }

  get #path(): string {
    return objectPath(location, this.#namespace, this.#name);
  }

  #object(lease: Lease): object {
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name: this.#name,
        namespace: this.#namespace,
        ...(lease.resourceVersion === '' ? {} : { resourceVersion: lease.resourceVersion }),
        ...(lease.address === null ? {} : { annotations: { [addressAnnotation]: lease.address } }),
      },
      spec: {
        holderIdentity: lease.holder,
        leaseDurationSeconds: lease.durationSeconds,
        acquireTime: microTime(lease.acquiredAt),
        renewTime: microTime(lease.renewedAt),
        leaseTransitions: lease.transitions,
      },
    };
  }
}

function leaseOf(answer: unknown): Lease {
  const object = sourceObject(answer);
  if (object === null) {
    throw new KubeError('Malformed', 'the answer is not a Lease');
  }
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  const annotations = isRecord(object.metadata['annotations']) ? object.metadata['annotations'] : {};
  const address = annotations[addressAnnotation];
  const { holderIdentity, leaseDurationSeconds, leaseTransitions } = spec;
  return Object.freeze({
    resourceVersion: object.metadata.resourceVersion ?? '',
    holder: typeof holderIdentity === 'string' ? holderIdentity : '',
    durationSeconds: typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds : 0,
    transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
    acquiredAt: timeOf(spec['acquireTime']),
    renewedAt: timeOf(spec['renewTime']),
    address: typeof address === 'string' ? address : null,
  });
}

function timeOf(value: unknown): number {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? 0 : time;
}

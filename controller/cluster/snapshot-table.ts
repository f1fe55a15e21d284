import type { ConnectedDataPlane } from '#controller/admin/controller-pages.ts';
import type { SnapshotSink } from '#controller/loop.ts';
import type { DataPlaneRecord } from '#controller/publish/observation-table.ts';
import type { Publisher } from '#controller/publish/publisher.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import type { Order, ResourceSet, Snapshot } from '#snapshot/snapshot.ts';

interface Kept {
  readonly resources: ResourceSet;
  readonly order: Order;
}

/** Hands snapshots on to a publisher, and knows for operators what was put and who of this replica's has it. */
export class SnapshotTable implements SnapshotSink {
  readonly #kept = new Map<GatewayKey, Kept>();
  readonly #records = new Map<string, DataPlaneRecord>();
  #publisher: Publisher | null = null;

  /** Before the first `put`. */
  publishTo(publisher: Publisher): void {
    this.#publisher = publisher;
    publisher.watchLocal((observation) => {
      switch (observation.kind) {
        case 'Seen':
          this.#records.set(observation.connection, observation.record);
          break;
        case 'Gone':
          this.#records.delete(observation.connection);
          break;
        case 'MissingKey':
          break;
        default:
          observation satisfies never;
      }
    });
  }

  put(gateway: GatewayKey, resources: ResourceSet, order: Order): void {
    this.#kept.set(gateway, { resources, order });
    this.#publisher?.put(gateway, resources, order);
  }

  remove(gateway: GatewayKey): void {
    this.#kept.delete(gateway);
    this.#publisher?.remove(gateway);
  }

  has(gateway: GatewayKey): boolean {
    return this.#kept.has(gateway);
  }

  *all(): Iterable<readonly [GatewayKey, Snapshot]> {
    for (const [gateway, { resources, order }] of this.#kept) {
      yield [gateway, { version: this.#publisher?.version(gateway) ?? '', order, resources }];
    }
  }

  dataPlanes(gateway: GatewayKey): readonly ConnectedDataPlane[] {
    return [...this.#records.values()]
      .filter((record) => record.gateway === gateway)
      .map(({ instance, version, refused, unbound }) => ({ name: instance, version, refused, unbound }));
  }

  figures(): readonly { readonly gateway: string; readonly connected: number; readonly current: number }[] {
    return [...this.#kept.keys()].map((gateway) => {
      const version = this.#publisher?.version(gateway) ?? null;
      const connected = this.dataPlanes(gateway);
      const current = connected.filter((one) => one.version === version).length;
      return { gateway, connected: connected.length, current };
    });
  }
}

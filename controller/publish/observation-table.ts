import type { GatewayKey } from '#snapshot/ids.ts';
import type { NearQuota, Refused, UnboundPort } from '#snapshot/message.ts';
import { portKey, type PortKey } from '#snapshot/port-key.ts';

/** The data planes of one Gateway, over all replicas (the shape of the same name in controller/translate). */
export interface DataPlanes {
  readonly connected: number;
  /** Those that serve some snapshot. */
  readonly ready: number;
  /** What some data plane has refused, by resource id: the reason. */
  readonly refused: ReadonlyMap<string, string>;
  /** Ports that some ready data plane cannot open. */
  readonly unbound: ReadonlyMap<PortKey, UnboundAt>;
  /** Quotas that are nearly used up, as each data plane knows of them. */
  readonly near: readonly NearQuota[];
}

/** Which data planes cannot open a port, by name in order, and why the first of them cannot. */
export interface UnboundAt {
  readonly code: string;
  readonly message: string;
  readonly dataPlanes: readonly string[];
}

/** What is known of one data plane by its stream. */
export interface DataPlaneRecord {
  readonly gateway: GatewayKey;
  readonly instance: string;
  /** What it serves; null: nothing yet. */
  readonly version: string | null;
  readonly refused: readonly Refused[];
  readonly unbound: readonly UnboundPort[];
  readonly near: readonly NearQuota[];
}

interface Kept {
  readonly record: DataPlaneRecord;
  /** Counts up: of two streams of one instance the one that spoke last tells the truth. */
  readonly told: number;
}

/** Where a record comes from: this replica, or the name of another. */
type Source = string;

/** What is known of all data planes, by the replica (source) and stream (connection) that tells it. */
export class ObservationTable {
  readonly #onChange: (gateway: GatewayKey) => void;
  readonly #sources = new Map<Source, Map<string, Kept>>();
  #told = 0;

  /** `onChange` is called after each change of what concerns a Gateway. */
  constructor(onChange: (gateway: GatewayKey) => void) {
    this.#onChange = onChange;
  }

  set(source: Source, connection: string, record: DataPlaneRecord): void {
    this.change(source, new Map([[connection, record]]));
  }

  delete(source: Source, connection: string): void {
    this.change(source, new Map([[connection, null]]));
  }

  /** Takes several records, null for one that is gone. Answers the connections whose record is another one now. */
  change(source: Source, records: ReadonlyMap<string, DataPlaneRecord | null>): readonly string[] {
    const connections = this.#sources.get(source) ?? new Map<string, Kept>();
    const gateways = new Set<GatewayKey>();
    const changed: string[] = [];
    for (const [connection, record] of records) {
      const before = connections.get(connection);
      if (before === undefined && record === null) continue;
      if (before !== undefined) gateways.add(before.record.gateway);
      if (record === null) {
        connections.delete(connection);
      } else {
        this.#told += 1;
        connections.set(connection, { record, told: this.#told });
        gateways.add(record.gateway);
      }
      changed.push(connection);
    }
    if (connections.size === 0) this.#sources.delete(source);
    else this.#sources.set(source, connections);
    for (const gateway of gateways) this.#onChange(gateway);
    return changed;
  }

  /** Forgets all that a replica told. */
  deleteSource(source: Source): void {
    const connections = this.#sources.get(source);
    this.#sources.delete(source);
    const gateways = new Set(Array.from(connections?.values() ?? [], ({ record }) => record.gateway));
    for (const gateway of gateways) this.#onChange(gateway);
  }

  /** How many records a source has. */
  count(source: Source): number {
    return this.#sources.get(source)?.size ?? 0;
  }

  /** The records of one source by connection. */
  recordsOf(source: Source): readonly (readonly [connection: string, record: DataPlaneRecord])[] {
    return Array.from(
      this.#sources.get(source) ?? [],
      ([connection, { record }]) => [connection, record] as const,
    );
  }

  dataPlanes(gateway: GatewayKey): DataPlanes {
    const records = this.#newestOf(gateway);
    const refused = new Map<string, string>();
    for (const record of records) for (const { id, reason } of record.refused) refused.set(id, reason);
    const ready = records.filter(({ version }) => version !== null);
    return Object.freeze({
      connected: records.length,
      ready: ready.length,
      refused,
      unbound: unboundOf(ready),
      near: records.flatMap((record) => record.near),
    });
  }

  /** Whether every ready data plane of the Gateway serves `version`; true when none is ready. */
  allReadyHave(gateway: GatewayKey, version: string): boolean {
    return this.#newestOf(gateway).every((record) => record.version === null || record.version === version);
  }

  #newestOf(gateway: GatewayKey): DataPlaneRecord[] {
    const newest = new Map<string, Kept>();
    for (const connections of this.#sources.values()) {
      for (const kept of connections.values()) {
        const { instance } = kept.record;
        if (kept.record.gateway !== gateway || kept.told < (newest.get(instance)?.told ?? 0)) continue;
        newest.set(instance, kept);
      }
    }
    return [...newest.values()].sort((a, b) => a.told - b.told).map(({ record }) => record);
  }
}

function unboundOf(records: readonly DataPlaneRecord[]): ReadonlyMap<PortKey, UnboundAt> {
  const unbound = new Map<PortKey, UnboundAt>();
  const byName = [...records].sort((a, b) => (a.instance < b.instance ? -1 : 1));
  for (const record of byName) {
    for (const [key, { code, message }] of new Map(record.unbound.map((one) => [portKey(one), one]))) {
      const before = unbound.get(key) ?? { code, message, dataPlanes: [] };
      unbound.set(key, { ...before, dataPlanes: [...before.dataPlanes, record.instance] });
    }
  }
  return unbound;
}

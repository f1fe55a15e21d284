import { setImmediate } from 'node:timers/promises';
import type { AddressList } from '#snapshot/address-list.ts';
import type { ResourceId } from '#snapshot/ids.ts';
import type { Refused } from '#snapshot/message.ts';
import { AddressTable } from './address-table.ts';

/**
 * The lists there are, made ready one at a time with turns of the event loop between them: a million networks are many
 * lists, since none is larger than a ConfigMap.
 */
export class AddressLists {
  #tables: ReadonlyMap<ResourceId, Loaded> = new Map();
  /** Rises whenever a list changes. */
  generation = 0;

  /** From now on there are these, once all are ready; answers which cannot be read: of those, what was before stays. */
  async load(lists: readonly AddressList[]): Promise<readonly Refused[]> {
    const before = this.#tables;
    const refused: Refused[] = [];
    const tables = new Map<ResourceId, Loaded>();
    for (const list of lists) {
      const known = before.get(list.id);
      if (known?.list === list) {
        tables.set(list.id, known);
        continue;
      }
      await setImmediate();
      try {
        tables.set(list.id, { list, table: new AddressTable(list) });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        if (known !== undefined) tables.set(list.id, known);
        refused.push({ id: list.id, reason: error.message });
      }
    }
    const isSame = tables.size === before.size && [...tables].every(([id, one]) => before.get(id) === one);
    if (isSame) return refused;
    this.#tables = tables;
    this.generation += 1;
    return refused;
  }

  /** Null: there is none of this id. */
  table(id: ResourceId): AddressTable | null {
    return this.#tables.get(id)?.table ?? null;
  }
}

interface Loaded {
  readonly list: AddressList;
  readonly table: AddressTable;
}

// Which addresses operators have banned. A Ban holds at all Gateways of its namespace, whose owners alone can write one.
import type { Ban } from '#snapshot/ban.ts';
import { resourceId } from '#snapshot/ids.ts';
import type { Index, Unit } from './memo.ts';

const bansByNamespace: Index<'Ban'> = { kind: 'Ban', keysOf: ({ metadata }) => [metadata.namespace] };

/** The bans of a namespace. Expired ones too: what time it is data planes know. */
export const bansUnit: Unit<readonly Ban[]> = {
  name: 'bans',
  compute: (read, namespace = '') =>
    read
      .find(bansByNamespace, namespace)
      .flatMap(({ metadata }) => read.ask(banUnit, namespace, metadata.name) ?? []),
};

const banUnit: Unit<Ban | null> = {
  name: 'ban',
  compute(read, namespace = '', name = '') {
    const object = read.get('Ban', namespace, name);
    if (object === undefined) {
      return null;
    }
    const { addresses, action, expires } = object.spec;
    return {
      kind: 'Ban',
      id: resourceId('Ban', namespace, name),
      addresses,
      action,
      expiresS: expires === undefined ? 0 : Math.max(1, Math.floor(Date.parse(expires) / 1000)),
    };
  },
};

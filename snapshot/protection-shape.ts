import type { Ban } from './ban.ts';
import type { AddressList } from './address-list.ts';
import { count, fieldName, network, port, statusCode } from './field-shapes.ts';
import {
  protectionDefaults,
  type BanRules,
  type BotMatch,
  type BotRules,
  type ConnectionFloods,
  type FloodRate,
  type Protection,
  type ProtectionMode,
  type Reputation,
  type RequestFloods,
} from './protection.ts';
import * as shape from './shape.ts';
import { type Shape, object, variant } from './shape.ts';
import { closedBy } from './unread.ts';

const some = shape.integer(1);

const mode: Shape<ProtectionMode> = shape.oneOf('Enforce', 'Shadow');

const prefixes = object({ ipv4Prefix: shape.integer(1, 32), ipv6Prefix: shape.integer(1, 128) });

const rate: Shape<FloodRate> = object({ count: some, windowMs: some, burst: some });

const connections: Shape<ConnectionFloods> = object({
  policy: shape.text,
  prefixes,
  opened: shape.nullable(rate),
  openMax: count,
  mode,
});

const bans: Shape<BanRules> = object({
  policy: shape.text,
  rules: shape.list(
    object({
      name: shape.shortText(63),
      statuses: shape.list(statusCode, 1),
      answers: some,
      windowMs: some,
      durationMs: some,
      mode,
    }),
    1,
  ),
});

const requests: Shape<RequestFloods> = object({ policy: shape.text, prefixes, rate, mode });

const botMatch = variant<BotMatch>('kind', {
  Missing: object({ kind: shape.oneOf('Missing') }),
  Values: object({ kind: shape.oneOf('Values'), values: shape.list(shape.text, 1) }),
  Regex: object({ kind: shape.oneOf('Regex'), regex: shape.text }),
});

const bots: Shape<BotRules> = object({
  policy: shape.text,
  rules: shape.list(
    object({
      name: shape.shortText(63),
      header: fieldName,
      match: botMatch,
      action: shape.oneOf('Refuse', 'Allow'),
      mode,
    }),
    1,
  ),
});

const reputation: Shape<Reputation> = object({
  policy: shape.text,
  name: shape.text,
  lists: shape.list(shape.idOf('AddressList')),
  mode,
});

const base64 = shape.pattern(/^[A-Za-z0-9+/]*={0,2}$/, 'base64');

/** Reads an {@link AddressList}; what is in it is read when it is made ready. */
export const addressListShape: Shape<AddressList> = object({
  kind: shape.oneOf('AddressList'),
  id: shape.idOf('AddressList'),
  ipv4: base64,
  ipv6: base64,
});

const known: Shape<Protection> = object<Protection>({
  kind: shape.oneOf('Protection'),
  id: shape.idOf('Protection'),
  port,
  ...shape.defaulted<Omit<Protection, 'kind' | 'id' | 'port'>>(
    {
      connections: shape.nullable(connections),
      bans: shape.nullable(bans),
      requests: shape.nullable(requests),
      bots: shape.nullable(bots),
      reputation: shape.list(reputation),
      exempt: shape.list(network),
      unread: shape.nullable(shape.text),
    },
    protectionDefaults,
  ),
});

/** Reads a {@link Protection}; of what a newer build tells beside, all that is known holds, and the rest is named. */
export const protectionShape: Shape<Protection> = closedBy(known, '', (read, path) =>
  Object.freeze({ ...read, unread: path.slice(0, 64) }),
);

/** Reads a {@link Ban}. */
export const banShape: Shape<Ban> = object({
  kind: shape.oneOf('Ban'),
  id: shape.idOf('Ban'),
  addresses: shape.list(network, 1),
  action: shape.oneOf('Refuse', 'Lift'),
  expiresS: count,
});

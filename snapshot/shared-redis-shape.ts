import { sharedRedisDefaults, type RedisTls, type RedisTopology, type SharedRedis } from './redis-address.ts';
import * as shape from './shape.ts';
import { type Fields, object, variant } from './shape.ts';

const topology = variant<RedisTopology>('kind', {
  Standalone: object({ kind: shape.oneOf('Standalone') }),
  Cluster: object({ kind: shape.oneOf('Cluster') }),
  Sentinel: object({
    kind: shape.oneOf('Sentinel'),
    masterName: shape.text,
    username: shape.text,
    password: shape.nullable(shape.secret(shape.text)),
  }),
});

const tls = object<RedisTls>({
  hostname: shape.nullable(shape.text),
  authorities: shape.nullable(shape.text),
  clientCertificate: shape.nullable(object({ chain: shape.text, key: shape.secret(shape.text) })),
});

/** Reads what a {@link SharedRedis} has. */
export const sharedRedisFields: Fields<SharedRedis> = {
  url: shape.secret(shape.text),
  ...shape.defaulted({ topology, tls: shape.nullable(tls) }, sharedRedisDefaults),
};

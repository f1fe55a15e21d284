import type { GatewayKey } from '#snapshot/ids.ts';
import { orderShape } from '#snapshot/order.ts';
import * as shape from '#snapshot/shape.ts';
import type { Order } from '#snapshot/snapshot.ts';

/**
 * Raised when another build could misread the file; it then starts from the generation before, or from nothing.
 * 2: the order tells each kind's position.
 */
export const formatVersion = 2;

/** The first line of a generation. */
export interface Header {
  readonly format: 'turnpike-last-good';
  readonly formatVersion: number;
  readonly gateway: GatewayKey;
  readonly order: Order;
  /** Milliseconds since 1970. */
  readonly savedAtMs: number;
  /** The generation with the higher one is the newer. */
  readonly sequence: number;
  /** How many resources follow, one a line. */
  readonly count: number;
}

/** Reads a header of this format version; throws what says why not. */
export function readHeader(value: unknown): Header {
  const version = shape.peek(value, 'formatVersion');
  if (typeof version === 'number' && version !== formatVersion) {
    throw new Error(`is of format version ${version}, not ${formatVersion}`);
  }
  return headerShape(value);
}

const headerShape: shape.Shape<Header> = shape.object<Header>({
  format: shape.oneOf('turnpike-last-good'),
  formatVersion: shape.integer(formatVersion, formatVersion),
  gateway: shape.pattern<GatewayKey>(/./, '<namespace>/<name>'),
  order: orderShape,
  savedAtMs: shape.integer(0),
  sequence: shape.integer(1),
  count: shape.integer(0),
});

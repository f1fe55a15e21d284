import type { GatewayKey } from '#snapshot/ids.ts';
import * as shape from '#snapshot/shape.ts';
import type { Order } from '#snapshot/snapshot.ts';

/** Raised when an older build could misread the file; it then starts from the generation before, or from nothing. */
export const formatVersion = 1;

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
export const headerOf: shape.Shape<Header> = shape.object<Header>({
  format: shape.oneOf('turnpike-last-good'),
  formatVersion: shape.integer(formatVersion, formatVersion),
  gateway: shape.pattern<GatewayKey>(/./, '<namespace>/<name>'),
  order: shape.object<Order>({ lineage: shape.text, mark: shape.pattern(/^[0-9]{1,40}$/, 'a number') }),
  savedAtMs: shape.integer(0),
  sequence: shape.integer(1),
  count: shape.integer(0),
});

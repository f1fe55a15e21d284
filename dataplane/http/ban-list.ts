import type { Client } from './exchange.ts';

/** Who may not come. */
export interface BanList {
  /**
   * Why the address may not come to a port of the Gateway; null: it may.
   *
   * Hot path: asked for each connection and for each request.
   */
  at(port: number, address: Client['address']): BanHit | null;
}

/** What keeps an address out. */
export interface BanHit {
  /** For the log. */
  readonly detail: string;
  /** It comes nevertheless, and that is told. */
  readonly isShadow: boolean;
}

/** Everybody may come. */
export const noBans: BanList = { at: () => null };

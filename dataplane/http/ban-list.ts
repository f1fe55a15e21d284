/** Who may not come. */
export interface BanList {
  /**
   * What the address is banned by at a port of the Gateway, for the log; null: it may come.
   *
   * Hot path: asked for each connection and for each request.
   */
  at(port: number, address: string): string | null;
}

/** Everybody may. */
export const noBans: BanList = { at: () => null };

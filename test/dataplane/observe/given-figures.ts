import type { Figures } from '#dataplane/observe/figures.ts';

/** Of a data plane that has just started. */
export const quietFigures: Figures = {
  snapshot: () => ({ version: null, ageMs: 0, connected: false, refused: 0 }),
  revocations: () => [],
  authorizations: () => [{ policy: 'shop/auth', entry: 'writers', mode: 'Enforce', refused: 3 }],
  rateLimits: () => ({
    rules: [],
    store: { type: 'Memory', available: true },
    counters: { bytes: 0, taken: 0, evicted: 0 },
    leases: 0,
    waiting: 0,
  }),
  guesses: () => [],
  protections: () => [],
  bans: () => [],
  usage: () => ({ units: [], journal: null }),
  log: () => ({ dropped: 0 }),
  clients: () => 0,
  backends: () => [],
};

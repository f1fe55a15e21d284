import type { BackendFigures } from '#dataplane/http/backend-figures.ts';

/** Of a cluster in which each thing has happened another number of times. */
export function backendFigures(cluster: string): BackendFigures {
  return {
    cluster,
    open: 5,
    idle: 2,
    opened: 11,
    unconnected: 12,
    endpoints: { healthy: 13, ejected: 14, failing: 15 },
    breakers: [
      { what: 'Connection', held: 5, refused: 16 },
      { what: 'Pending', held: 6, refused: 17 },
      { what: 'Request', held: 7, refused: 18 },
      { what: 'Retry', held: 8, refused: 19 },
    ],
    overBudget: 20,
    counts: {
      retries: 21,
      hedges: 22,
      mirrors: 23,
      mirrorsDropped: 24,
      ejections: 25,
      checksPassed: 26,
      checksFailed: 27,
    },
  };
}

/**
 * `metadata.creationTimestamp` in milliseconds since 1970; 0 for what never was at an API server, or tells none that
 * can be read: of two such objects names decide.
 */
export function createdMs(creationTimestamp: unknown): number {
  const ms = typeof creationTimestamp === 'string' ? Date.parse(creationTimestamp) : 0;
  return Number.isNaN(ms) ? 0 : ms;
}

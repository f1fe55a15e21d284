const firstSpare = 61_001;

/**
 * The port that a data plane binds for a port of the Gateway, and its Service sends to: the same one, but for
 * `reserved`, which is taken by the data plane itself. `ports` are all ports of the Gateway.
 */
export function bindPort(port: number, ports: Iterable<number>, reserved: number | null): number {
  if (port !== reserved) {
    return port;
  }
  const taken = new Set(ports);
  let spare = firstSpare;
  while (taken.has(spare)) spare += 1;
  return spare;
}

import type { Limits } from './limits.ts';
import type { HeadScanner } from '#dataplane/http/head-scanner.ts';
import type { Gateway } from '#dataplane/proxy/downstream.ts';

/** What all connections of a data plane share. `nowMs` is coarse: the last sweep's monotonic time. */
export interface ConnectionSurroundings {
  readonly gateway: Gateway;
  readonly limits: Limits;
  readonly scanner: HeadScanner;
  nowMs: number;
}

/** What the port a connection came in by says about it. */
export interface ConnectionHome {
  readonly port: number;
  /** True once no request shall follow the one under way. */
  readonly draining: boolean;
}

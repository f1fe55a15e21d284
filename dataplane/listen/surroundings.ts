import type { Http2Terms } from './http2/session-terms.ts';
import type { LentMemory } from '#dataplane/http/lent-memory.ts';
import type { Limits } from './limits.ts';
import type { Newcomers } from './newcomers.ts';
import type { OverloadGuard } from './overload-guard.ts';
import type { HeadScanner } from '#dataplane/http/head-scanner.ts';
import type { BanList } from '#dataplane/http/ban-list.ts';
import type { Gateway } from '#dataplane/proxy/downstream.ts';
import type { ClientRules } from '#dataplane/runtime.ts';

/** What all connections of a data plane share. `nowMs` is coarse: the last sweep's monotonic time. */
export interface ConnectionSurroundings {
  readonly gateway: Gateway;
  readonly bans: BanList;
  readonly http2: Http2Terms;
  /** What sockets are read into. */
  readonly memory: LentMemory;
  readonly newcomers: Newcomers;
  readonly nowMs: number;
  readonly guard: Pick<OverloadGuard, 'saves' | 'sheds' | 'patience'>;
}

/** What the port a connection came in by says about it: always what holds now, so nothing of it is kept. */
export interface ConnectionHome {
  readonly port: number;
  /** True once no request shall follow the one under way. */
  readonly draining: boolean;
  readonly rules: ClientRules;
  /** Those of the rules, with those that nobody sets. */
  readonly limits: Limits;
  /** For heads within the limits. */
  readonly scanner: HeadScanner;
}

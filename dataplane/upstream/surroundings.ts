import type { LentMemory } from '#dataplane/http/lent-memory.ts';
import type { HeadScanner } from '#dataplane/http/head-scanner.ts';
import type { BackendConnections } from '#snapshot/cluster.ts';
import type { Place } from '#snapshot/fleet.ts';
import type { ClientTls } from './client-tls.ts';
import type { RequestHeads } from './http2/request-head.ts';
import type { ConnectionRoom } from './connection-room.ts';
import type { Resolve } from './outside-host.ts';
import type { UpstreamLimits } from './limits.ts';

/** What all of a data plane's clusters share. `nowMs` is coarse: the last sweep's monotonic time. */
export interface UpstreamSurroundings {
  readonly limits: UpstreamLimits;
  readonly scanner: HeadScanner;
  readonly requestHeads: RequestHeads;
  /** What tunnels are read into; its blocks are for large answers, and copies of large content. */
  readonly memory: LentMemory;
  /** Clusters in which something changes with time. */
  readonly awake: Set<Swept>;
  /** What has a deadline that it looks at itself. */
  readonly waiting: Set<Swept>;
  /** 0 to 1. */
  readonly random: () => number;
  /** All addresses of a name outside. */
  readonly resolve: Resolve;
  nowMs: number;
  /** Where this data plane runs, as far as it has been told. */
  place: Place;
}

/** Something that looks at the coarse clock when it is told to. */
export interface Swept {
  sweep(): void;
}

/**
 * Until when a connection that begins now takes requests; a part of its age is chance, so that those which began
 * together do not end together.
 */
export function openUntilMs({ around, connections }: ConnectionTerms): number {
  const { ageMsMax } = connections;
  return ageMsMax > 0
    ? around.nowMs + ageMsMax * (1 - ageJitter * around.random())
    : Number.POSITIVE_INFINITY;
}

const ageJitter = 0.1;

/** What the connections of one cluster go by: read at each use, since settings change while connections stay. */
export interface ConnectionTerms {
  readonly around: UpstreamSurroundings;
  readonly room: ConnectionRoom;
  readonly connections: BackendConnections;
  /** Null: in the clear. */
  readonly tls: ClientTls | null;
}

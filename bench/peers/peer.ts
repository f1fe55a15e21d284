import type { Cores, Running } from '../ground.ts';

/** What a peer speaks with clients. Backends are spoken to by HTTP/1.1, but for Grpc: by HTTP/2 without TLS. */
export type Front = 'Http1' | 'Tls' | 'Http2' | 'Grpc';

/** What a peer is started with. */
export interface Terms {
  readonly cores: Cores;
  readonly front: Front;
  /** Where it listens, on loopback. */
  readonly port: number;
  /** Its one backend, on loopback. */
  readonly backendPort: number;
  /** A folder of its own for configuration. */
  readonly folder: string;
  readonly certificate: CertificateFiles;
}

/** A certificate of P-256 for bench.example, as PEM. */
export interface CertificateFiles {
  readonly chain: string;
  readonly key: string;
  /** Chain and key in one file. */
  readonly joined: string;
}

/** A proxy that is started. */
export interface RunningPeer extends Running {
  /** Field lines that each request carries beside the usual ones. */
  readonly fields: readonly string[];
}

/** A proxy that can be measured: one process (with its children) on one core. */
export interface Peer {
  readonly name: string;
  /** Its fronts that there is nothing to say about but why it lacks them. */
  readonly lacks: Partial<Readonly<Record<Front, string>>>;
  /** Its version, for the table. Rejects with the reason when it is not on this machine. */
  version(): Promise<string>;
  start(terms: Terms): Promise<RunningPeer>;
}

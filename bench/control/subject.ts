import type { ControlPlane } from '#e2e/cluster/control-plane.ts';

/** A gateway whose control plane is measured: it runs against a Kubernetes API server of its own. */
export interface Subject {
  readonly name: string;
  readonly version: string;
  readonly cluster: ControlPlane;
  /** Where Gateway default/edge is served, port 80. */
  readonly address: string;
  /** Processes by what they do; one process may do both. */
  readonly pids: { readonly controller: number; readonly dataPlane: number };
  /** How long each loop was held at most since this was asked last, ms; null: it has none to be asked. */
  heldMs(): Promise<{ readonly controller: number; readonly dataPlane: number } | null>;
  stop(): Promise<void>;
}

/** Starts it with the Gateway default/edge programmed and no route. */
export type Start = () => Promise<Subject>;

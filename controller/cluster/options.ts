import type { HostPort } from '#admin/host-port.ts';
import type { Clock } from '#controller/clock.ts';
import type { Connection } from '#controller/kube/connection.ts';
import type { Log } from '#admin/log.ts';

export interface ClusterControllerOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Another for each replica: the pod's. */
  readonly name: string;
  readonly namespace: string;
  /** The controller's own: replicas know each other by it. */
  readonly serviceAccount: string;
  readonly controllerName: string;
  readonly leaseName: string;
  /** Where data planes are served; port 0 for any. */
  readonly publish: HostPort;
  /** Where the other replicas reach this one; port 0: the one that is published on. */
  readonly advertise: HostPort;
  /** DNS names that data planes (and, the first, replicas) know controllers by. */
  readonly serverNames: readonly string[];
  /** Holds the controller's own token of our audience. */
  readonly tokenFile: string;
  readonly audience: string;
  /** Networks to which addresses that users name may lead though they are not public. */
  readonly keysFrom: readonly string[];
  /** Only what is in these (and in the controller's own) is read and served; null for all namespaces. */
  readonly watchNamespaces: readonly string[] | null;
  /** How data planes are made for Gateways; null: they are not. */
  readonly provisioning: ProvisioningOptions | null;
}

/** See the Platform of controller/provision. */
export interface ProvisioningOptions {
  readonly image: string;
  readonly pullPolicy: string | null;
  readonly pullSecrets: readonly string[];
  readonly controllerUrl: string;
}

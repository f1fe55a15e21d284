import type { ResourceId } from './ids.ts';

/**
 * For which names of servers (SNI) listeners show a certificate, whatever names it holds itself. The listeners' own
 * certificates come before it, those for the very name before wildcards.
 */
export interface ServerNames {
  readonly kind: 'ServerNames';
  readonly id: ResourceId;
  readonly listeners: readonly ResourceId[];
  /** Lower case; `*.` stands for one label. */
  readonly hostnames: readonly string[];
  readonly certificate: ResourceId;
}

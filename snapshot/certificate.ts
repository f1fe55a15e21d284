import type { ResourceId } from './ids.ts';
import type { Secret } from './secret.ts';

/** A certificate chain and its key, PEM. */
export interface Certificate {
  readonly kind: 'Certificate';
  readonly id: ResourceId;
  readonly chain: string;
  readonly key: Secret<string>;
}

import type { ResourceId } from './ids.ts';

/** Tokens that let nobody in any more, however well they are signed. It changes alone: what names it stays as it is. */
export interface TokenRevocations {
  readonly kind: 'TokenRevocations';
  readonly id: ResourceId;
  /** Their claims `jti`. */
  readonly tokens: readonly string[];
  /** The claims `sub` of those of whom no token counts. */
  readonly subjects: readonly string[];
}

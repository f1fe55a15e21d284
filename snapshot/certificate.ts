import type { ResourceId } from './ids.ts';
import type { Secret } from './secret.ts';

/** A certificate chain and its key, PEM. */
export interface Certificate {
  readonly kind: 'Certificate';
  readonly id: ResourceId;
  readonly chain: string;
  readonly key: Secret<string>;
}

/** What all data planes of a Gateway make the keys of their session tickets of: who resumes may come to any of them. */
export interface TicketSecret {
  readonly kind: 'TicketSecret';
  readonly id: ResourceId;
  /** 32 octets, base64; another one each day. */
  readonly secret: Secret<string>;
}

import { hash } from 'node:crypto';

/** SHA-256 cut to 128 bits, base64url, 22 characters. */
export function digest(content: string): string {
  return hash('sha256', content, 'buffer').subarray(0, 16).toString('base64url');
}

import { createHash } from 'node:crypto';

/** A name that a Service may have: an RFC 1035 label. */
const plainName = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * The name of all that is made for a Gateway (GEP-1762), in its namespace: Deployment, Service, and the
 * ServiceAccount whose data planes may have its snapshot. `<gateway>-<class>`; where that is no label of at most
 * 63 characters, as much of it as fits and a hash.
 */
export function infrastructureName(gateway: string, className: string): string {
  const plain = `${gateway}-${className}`;
  if (plainName.test(plain)) {
    return plain;
  }
  const hash = createHash('sha256').update(`${gateway}/${className}`).digest('hex').slice(0, 8);
  const label = plain
    .replaceAll(/[^-a-z0-9]/g, '-')
    .replace(/^[^a-z]/, 'g$&')
    .slice(0, 54)
    .replace(/-+$/, '');
  return `${label}-${hash}`;
}

// Services of the cluster that the gateway asks over TLS.
import * as z from 'zod';
import { preciseHostname } from './fields.ts';

/** That a Service speaks TLS, and by which name its certificate is checked. */
export const serviceTlsSchema = z
  .object({
    hostname: preciseHostname
      .exactOptional()
      .describe(
        'The name that its certificate must have, and that is asked for (SNI). Left out: SERVICE.NAMESPACE.svc.',
      ),
  })
  .describe('The Service speaks TLS there. Left out: plain HTTP.');

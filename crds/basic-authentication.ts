// Users and their passwords, as htpasswd files have them.
import * as z from 'zod';
import { credentialHandling } from './credential-source.ts';
import type { Frozen } from './grammar.ts';
import { identityHeader } from './identity-header.ts';
import { secretKeyReference } from './references.ts';

/** The schema of a way in by user and password. */
export const basicSchema = z
  .object({
    secretRef: secretKeyReference(
      'the users, as htpasswd writes them: a line each, name:hash, by bcrypt ($2y$, cost 14 at most), argon2id, MD5 ($apr1$) or SHA-1 ({SHA})',
    ),
    realm: z
      .string()
      .min(1)
      .max(128)
      .regex(/^[ !#-[\]-~]+$/, 'must be printable ASCII without quotes and backslashes')
      .default('restricted')
      .describe('What browsers tell whoever is asked for a password.'),
    credential: credentialHandling('Remove'),
    usernameToHeader: identityHeader
      .exactOptional()
      .describe(
        'The request header that tells the name to the backend, such as x-user. What the client sent under this name is removed first. Left out: none does.',
      ),
  })
  .describe(
    'A user with a password in the header Authorization (Basic, RFC 7617). Let it be asked for over TLS only.',
  );

/** Users and their passwords. */
export type BasicAuthentication = Frozen<z.infer<typeof basicSchema>>;

// Where requests carry credentials, and what becomes of them: for all ways in that read one.
import * as z from 'zod';
import { isReservedField, reservedFields } from '#snapshot/reserved-fields.ts';
import { atomicList, oneOf, withRules, type Frozen } from './grammar.ts';
import { authScheme, cookieName, fieldName } from './fields.ts';

const header = withRules(
  z.object({
    name: fieldName.describe('Name of the header, such as x-api-key.'),
    scheme: authScheme
      .exactOptional()
      .describe(
        'What stands in front of the credential there, such as Bearer (upper and lower case are one). Left out: the whole value is the credential.',
      ),
  }),
  [
    {
      cel: `!(self.name.lowerAscii() in ['cookie', ${reservedFields.map((name) => `'${name}'`).join(', ')}])`,
      message: 'no credential can be in this header: name another, or a cookie with type Cookie',
      holds: ({ name }) => name.toLowerCase() !== 'cookie' && !isReservedField(name.toLowerCase()),
    },
  ],
).describe('A request header. Where it is there twice, nobody is let in by it.');

const credentialSource = oneOf({
  type: 'Where the credential is: Header, Cookie or Query (a parameter of the URL).',
  variants: {
    Header: { header },
    Cookie: {
      cookie: z.object({ name: cookieName.describe('Name of the cookie.') }).describe('A cookie.'),
    },
    Query: {
      query: z
        .object({
          name: z
            .string()
            .min(1)
            .max(256)
            .regex(/^[A-Za-z0-9._~-]+$/, "must be letters, digits, '.', '_', '~' and '-'")
            .describe('Name of the parameter, such as access_token.'),
        })
        .describe('A parameter of the query. Addresses end up in logs and histories: headers are better.'),
    },
  },
  common: {},
});

/** A place where requests carry a credential. */
export type CredentialSource = Frozen<z.infer<typeof credentialSource>>;

/** The schema of the places where a credential is looked for; `usual` where none is told. */
export function credentialSources(usual: z.input<typeof credentialSource>[]) {
  return (
    atomicList(credentialSource)
      .min(1)
      .max(8)
      // What is told here has been through the schema.
      .default(usual as z.output<typeof credentialSource>[])
  );
}

/** The schema of what becomes of a credential in a header. */
export function credentialHandling(usual: 'Forward' | 'Remove') {
  return z
    .enum(['Forward', 'Remove'])
    .default(usual)
    .describe(
      'Whether a credential in a header goes on, to services that nearer levels ask and to the backend. From cookies and queries it is always removed: it would end up in logs.',
    );
}

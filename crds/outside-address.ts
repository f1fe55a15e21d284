// An address outside the cluster that data planes call themselves.
import * as z from 'zod';
import type { Frozen, Rule } from './grammar.ts';
import { authorityReference } from './references.ts';

/** The schema of the address of `what`, such as `example`. */
export function outsideUri(what: string, example: string) {
  return z
    .string()
    .max(2048)
    .regex(
      /^https:\/\/[A-Za-z0-9._-]+(:[0-9]{1,5})?(\/[^\s#]*)?(\?[^\s#]*)?$/,
      'must be an absolute https:// address without user or fragment',
    )
    .describe(
      `Address of ${what} outside the cluster, such as ${example}. Addresses that are not public are refused.`,
    );
}

/** The schema of a server outside that is told path and query from elsewhere. */
export const outsideServer = z
  .string()
  .max(300)
  .regex(
    /^https:\/\/[A-Za-z0-9._-]+(:[0-9]{1,5})?$/,
    'must be https://, a host and at most a port, without a path: write one such as https://decide.example.com',
  )
  .describe(
    'The service outside the cluster, such as https://decide.example.com. Addresses that are not public are refused.',
  );

/** The schema of whose certificate the server there must have. */
export const outsideAuthorities = authorityReference.describe(
  'The certificates of the authorities that the server must have its certificate from. Left out: those of the system.',
);

/** Whose certificate a server must have. */
export type OutsideAuthorities = Frozen<z.infer<typeof outsideAuthorities>>;

/** Where the one-of of `Backend` and `URI` also has a `caRef`: that it goes with the latter. */
export const authoritiesOfAddress: Rule<{ readonly type: string; readonly caRef?: unknown }> = {
  cel: "self.type == 'URI' || !has(self.caRef)",
  message: 'caRef is for TLS to an address outside: remove it, or set type to URI',
  holds: ({ type, caRef }) => type === 'URI' || caRef === undefined,
};

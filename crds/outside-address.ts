// An address outside the cluster that data planes call themselves.
import * as z from 'zod';
import type { Frozen } from './grammar.ts';
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

/** The schema of whose certificate the server there must have. */
export const outsideAuthorities = authorityReference.describe(
  'The certificates of the authorities that the server must have its certificate from. Left out: those of the system.',
);

/** Whose certificate a server must have. */
export type OutsideAuthorities = Frozen<z.infer<typeof outsideAuthorities>>;

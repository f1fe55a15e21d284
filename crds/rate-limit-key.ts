// What the requests of a rule of a RateLimitPolicy are counted by.
import * as z from 'zod';
import { expression } from './authorization.ts';
import { atomicList, oneOf, withRules, type Frozen } from './grammar.ts';
import { addressPrefixes, cookieName, fieldName } from './fields.ts';

const template = withRules(
  z
    .string()
    .max(256)
    .regex(
      /^(\/(\{[A-Za-z][A-Za-z0-9_-]*\}|\*|\.{0,2}[A-Za-z0-9_~!$&'()+,=:@-][A-Za-z0-9._~!$&'()+,=:@-]*))+(\/\*\*)?$/,
      'must be segments, each behind a /: a text, {name} or *, and at the end perhaps ** for all that may follow',
    ),
  [
    {
      cel: "self.contains('{')",
      message: 'names no segment to count by: write one of them as {name}, as in /shops/{shop}/orders',
      holds: (text) => text.includes('{'),
    },
  ],
);

const keys = oneOf({
  type: 'What requests are counted by: ClientAddress, Header, Cookie, Claim, Consumer, Route, Method, PathTemplate or Expressions.',
  variants: {
    ClientAddress: {},
    Consumer: {},
    Route: {},
    Method: {},
    Header: {
      header: z
        .object({ name: fieldName.describe('Name of the header, such as x-tenant.') })
        .describe('Requests with the same value of this header are counted together.'),
    },
    Cookie: {
      cookie: z
        .object({ name: cookieName.describe('Name of the cookie, such as device.') })
        .describe('Requests with the same value of this cookie are counted together.'),
    },
    Claim: {
      claim: z
        .object({
          name: z
            .string()
            .min(1)
            .max(256)
            .describe('Name of the claim; dots descend into objects, such as sub or org.id.'),
        })
        .describe(
          'Requests whose token has the same value of this claim are counted together. An AuthPolicy must check the token.',
        ),
    },
    PathTemplate: {
      pathTemplate: z
        .object({
          template: template.describe(
            'A path such as /shops/{shop}/orders/**. {shop}: a segment that is counted by. *: any one segment. **, at the end only: any that follow, or none.',
          ),
        })
        .describe(
          'Requests are counted together in whose path the named segments hold the same. A path that does not fit is an unknown key.',
        ),
    },
    Expressions: {
      expressions: atomicList(expression)
        .min(1)
        .max(4)
        .describe(
          'Expressions (CEL) over request, source, tls, route, auth and now, such as auth.subject. Requests for which all of them come to the same texts are counted together; one that comes to nothing or to an empty text is an unknown key.',
        ),
    },
  },
  common: {
    clientAddress: z
      .object(addressPrefixes)
      .exactOptional()
      .describe('Which addresses are counted together, for type ClientAddress.'),
    onUnknownKey: z
      .enum(['Skip', 'Share', 'Refuse'])
      .default('Share')
      .describe(
        'What happens to a request without the header, cookie, claim, consumer or value, or whose path does not fit. Skip: it is not limited. Share: all such requests count as one caller. Refuse: it is refused with 403. Without meaning for ClientAddress, Route and Method.',
      ),
  },
});

/** The schema of a key. */
export const rateLimitKey = withRules(keys, [
  {
    cel: "self.type == 'ClientAddress' || !has(self.clientAddress)",
    message: 'clientAddress is for type ClientAddress: set type to ClientAddress, or remove it',
    holds: ({ type, clientAddress }) => type === 'ClientAddress' || clientAddress === undefined,
  },
]);

/** What requests are counted by. */
export type RateLimitKey = Frozen<z.infer<typeof rateLimitKey>>;

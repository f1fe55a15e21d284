// What the requests of a rule of a RateLimitPolicy are counted by.
import * as z from 'zod';
import { expression } from './authorization.ts';
import { atomicList, oneOf, withRules, type Frozen } from './grammar.ts';
import { cookieName, fieldName } from './fields.ts';

const keys = oneOf({
  type: 'What requests are counted by: ClientAddress, Header, Cookie, Claim, Consumer, Route, Method or Expressions.',
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
      .object({
        ipv4Prefix: z
          .int32()
          .min(1)
          .max(32)
          .default(32)
          .describe('So many leading bits of an IPv4 address tell whose it is.'),
        ipv6Prefix: z
          .int32()
          .min(1)
          .max(128)
          .default(64)
          .describe('So many leading bits of an IPv6 address tell whose it is.'),
      })
      .exactOptional()
      .describe('Which addresses are counted together, for type ClientAddress.'),
    onUnknownKey: z
      .enum(['Skip', 'Share', 'Refuse'])
      .default('Share')
      .describe(
        'What happens to a request without the header, cookie, claim, consumer or value. Skip: it is not limited. Share: all such requests count as one caller. Refuse: it is refused. Without meaning for ClientAddress, Route and Method.',
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

// Which pages of other origins may call: the CORS filter of Gateway API 1.7, in HTTPRoutes and in AuthPolicies.
import * as z from 'zod';
import { fieldName } from './fields.ts';
import { setOf, withRules, type Frozen, type Rule } from './grammar.ts';
import { methods } from './http-match.ts';

const aloneIfStar: Rule<readonly string[]> = {
  cel: "!('*' in self && self.size() > 1)",
  message: "'*' means all: remove the other values, or '*'",
  holds: (values) => !values.includes('*') || values.length === 1,
};

const origin = z
  .string()
  .min(1)
  .max(253)
  .regex(
    /(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)/,
    "must be an origin without a path, such as https://app.example.com, or '*'",
  );

/** `cors` of a filter of an HTTPRoute. */
export const corsSchema = z.object({
  allowOrigins: withRules(setOf(origin).max(64), [aloneIfStar])
    .default([])
    .describe(
      'Whose pages may call: origins such as https://app.example.com; https://*.example.com stands for all names below, * alone for any origin.',
    ),
  allowCredentials: z
    .boolean()
    .exactOptional()
    .describe('Whether pages may send cookies and other credentials. Left out: no.'),
  allowMethods: withRules(setOf(z.enum([...methods, '*'])).max(9), [aloneIfStar])
    .default([])
    .describe('Methods that pages may use beside GET, HEAD and POST; * alone for all.'),
  allowHeaders: withRules(setOf(fieldName).max(64), [aloneIfStar])
    .default([])
    .describe('Headers that pages may send, such as Authorization; * alone for all.'),
  exposeHeaders: setOf(fieldName)
    .max(64)
    .default([])
    .describe('Headers of answers that pages may read; * for all, unless with allowCredentials.'),
  maxAge: z
    .int32({
      error: ({ input }) =>
        typeof input === 'string'
          ? 'must be a number of seconds, such as 600, without quotes or a unit'
          : undefined,
    })
    .min(1)
    .default(5)
    .describe('How long browsers may keep the answer to a preflight, in seconds.'),
});

/** What pages of other origins may do. */
export type Cors = Frozen<z.infer<typeof corsSchema>>;

/** Whether `exposeHeaders` has a `*` that browsers take for the name of a header. */
export function exposesNothingByStar({ allowCredentials, exposeHeaders }: Cors): boolean {
  return allowCredentials === true && exposeHeaders.includes('*');
}

/** Whether pages of anybody may act for whoever looks at them. HTTPRoutes may say that (GEP-1767); no policy does. */
function trustsAllPages({ allowCredentials, allowOrigins }: Cors): boolean {
  return allowCredentials === true && allowOrigins.some((one) => /^(\*|https?:\/\/\*(:[0-9]+)?)$/u.test(one));
}

/** `cors` of an AuthPolicy. */
export const policyCorsSchema = withRules(corsSchema, [
  {
    cel: "!(has(self.allowCredentials) && self.allowCredentials && has(self.allowOrigins) && self.allowOrigins.exists(one, one.matches('^([*]|https?://[*](:[0-9]+)?)$')))",
    message:
      'with allowCredentials, pages of any origin could act for whoever looks at them: name the origins',
    holds: (cors) => !trustsAllPages(cors),
  },
  {
    cel: "!(has(self.allowCredentials) && self.allowCredentials && has(self.exposeHeaders) && '*' in self.exposeHeaders)",
    message: "with allowCredentials, '*' in exposeHeaders exposes nothing: name the headers",
    holds: (cors) => !exposesNothingByStar(cors),
  },
]).describe(
  "Which pages of other origins may call from browsers; their preflights are answered before anybody is asked for a credential. A filter of type CORS of the rule itself takes its place, and so does a nearer policy's cors; that of overrides holds before all. Left out: other levels, the rule or its backends say.",
);

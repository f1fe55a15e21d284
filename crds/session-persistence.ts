// How the requests of a client find the endpoint of its first one: as a TrafficPolicy tells it, and as an HTTPRoute does
// (Gateway API 1.7, experimental, GEP-1619; and as it did until 1.6).
import * as z from 'zod';
import { isReservedField, reservedFields } from '#snapshot/reserved-fields.ts';
import { cookieName, duration, fieldName, positiveDuration } from './fields.ts';
import { oneOf, withRules, type Rule } from './grammar.ts';

const cookie = z
  .object({
    name: cookieName
      .exactOptional()
      .describe(
        'Name of the cookie: one of its own for each rule, and none that a backend sets. Left out: turnpike- and a digest of route and rule.',
      ),
    path: z
      .string()
      .max(1024)
      .regex(/^\/[!-:<-~]*$/, "must begin with '/', and have neither spaces nor ';'")
      .exactOptional()
      .describe(
        'Where browsers send the cookie. Left out: the path of the rule if all its matches have the same prefix, else /.',
      ),
    lifetimeType: z
      .enum(['Session', 'Permanent'])
      .exactOptional()
      .describe(
        'Session: the browser forgets the cookie at the end of its session. Permanent: after absoluteTimeout, which must be set. Left out: Session.',
      ),
  })
  .describe(
    'The cookie that leads back. Always HttpOnly, SameSite=Lax, and Secure where clients come by TLS.',
  );

const header = withRules(z.object({ name: fieldName.describe('Name of the header, such as x-session.') }), [
  {
    cel: `!(self.name.lowerAscii() in [${reservedFields.map((name) => `'${name}'`).join(', ')}])`,
    message:
      'this header belongs to the connection or the framing of the message: choose another, such as x-user',
    holds: ({ name }) => !isReservedField(name.toLowerCase()),
  },
]).describe('The header that leads back: clients send what each answer told them.');

const ways = oneOf({
  type: 'What brings the client back: Cookie, which browsers do by themselves, or Header.',
  variants: { Cookie: { cookie }, Header: { header } },
  common: {
    absoluteTimeout: positiveDuration
      .exactOptional()
      .describe('A session ends so long after it began. Left out: never.'),
    idleTimeout: positiveDuration
      .exactOptional()
      .describe('A session ends so long after its last request, an eighth later at most. Left out: never.'),
  },
});

interface Ends {
  /** Not there if the type's own rule is broken, whatever the type. */
  readonly cookie?: z.output<typeof cookie>;
  readonly absoluteTimeout?: string;
}

const permanentHasEnd: Rule<Ends> = {
  cel: "!has(self.cookie) || !has(self.cookie.lifetimeType) || self.cookie.lifetimeType != 'Permanent' || has(self.absoluteTimeout)",
  message: 'a cookie of lifetimeType Permanent needs absoluteTimeout: add it',
  holds: (one) => one.cookie?.lifetimeType !== 'Permanent' || one.absoluteTimeout !== undefined,
};

/** The group of a TrafficPolicy. */
export const sessionPersistence = withRules(ways, [permanentHasEnd]).describe(
  "The requests of a client go to the endpoint of its first one, and so to the same Service, while that endpoint is there and well. An HTTPRoute's own sessionPersistence comes before it, but not before overrides. That of a Service holds in rules that send requests to no other Service. Left out: each request is balanced for itself.",
);

const lifetimeType = z.enum(['Session', 'Permanent']).default('Session');

const routeFields = z.object({
  type: z.enum(['Cookie', 'Header']).default('Cookie'),
  absoluteTimeout: duration.exactOptional(),
  cookie: z
    .object({ name: cookieName.exactOptional(), path: z.string().max(1024).default('/'), lifetimeType })
    .exactOptional(),
  header: z.object({ name: fieldName }).exactOptional(),
  // until Gateway API 1.6
  sessionName: z.string().max(128).exactOptional(),
  idleTimeout: duration.exactOptional(),
  cookieConfig: z.object({ lifetimeType }).exactOptional(),
});

/** That of an HTTPRoute's rule. What 1.6 allowed is allowed still: a CRD may be older than this build. */
export const routeSessionPersistence = withRules(routeFields, [
  {
    cel: "!has(self.cookie) || !has(self.cookie.lifetimeType) || self.cookie.lifetimeType != 'Permanent' || has(self.absoluteTimeout)",
    message: 'a cookie of lifetimeType Permanent needs absoluteTimeout: add it',
    holds: ({ cookie, cookieConfig, absoluteTimeout }) =>
      (cookie ?? cookieConfig)?.lifetimeType !== 'Permanent' || absoluteTimeout !== undefined,
  },
  {
    cel: "!has(self.cookie) || self.type == 'Cookie'",
    message: 'only type Cookie has the field cookie: remove it, or change type',
    holds: ({ type, cookie }) => cookie === undefined || type === 'Cookie',
  },
  {
    cel: "!has(self.header) || self.type == 'Header'",
    message: 'only type Header has the field header: remove it, or change type',
    holds: ({ type, header }) => header === undefined || type === 'Header',
  },
]);

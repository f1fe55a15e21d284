// How those are answered who may not pass: what they should bring, and in which words.
import * as z from 'zod';
import { setOf } from './grammar.ts';

const url = z.string().max(1024);

/** `realm` of an AuthPolicy. */
export const realmSchema = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[ !#-[\]-~]*$/, 'must be printable ASCII without quotes and backslashes')
  .describe(
    'What answers of 401 call that which is guarded (realm of WWW-Authenticate): credentials for one are good for all of the same realm at this host. Left out: the host that was asked for.',
  );

/** `resourceMetadata` of an AuthPolicy (RFC 9728). */
export const resourceMetadataSchema = z
  .object({
    resource: url
      .regex(
        /^https:\/\/[A-Za-z0-9.-]+(:[0-9]{1,5})?(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$/,
        'must be an https URL without query, and without a slash at its end, such as https://api.example.com/orders',
      )
      .exactOptional()
      .describe(
        'The URL that clients know the guarded API by; its path stands at the end of that of the document. Left out: the host that was asked for, as a whole.',
      ),
    authorizationServers: setOf(url.regex(/^https:\/\/[!-~]+$/, 'must be an https URL'))
      .max(16)
      .default([])
      .describe('Issuers whose tokens are taken. Left out: those of the ways in of type JWT.'),
    scopes: setOf(
      z
        .string()
        .max(256)
        .regex(/^[!#-[\]-~]+$/, 'must be a scope'),
    )
      .max(64)
      .default([])
      .describe('Scopes that clients may want to ask for.'),
  })
  .describe(
    'Tells clients where tokens are to be had (OAuth 2.0 Protected Resource Metadata): a document at /.well-known/oauth-protected-resource that everybody may read, and answers of 401 name it. Left out: none.',
  );

const denial = z.object({
  contentType: z
    .string()
    .max(256)
    .regex(
      /^[A-Za-z0-9.+-]+\/[A-Za-z0-9.+-]+(; ?charset=[A-Za-z0-9-]+)?$/,
      'must be a media type such as text/html; charset=utf-8',
    )
    .describe('The type of the content, such as application/json.'),
  body: z
    .string()
    .max(8192)
    .describe(
      'The content; {status}, {title} and {requestId} stand for these, escaped as JSON, HTML or XML want it.',
    ),
});

/** `denial` of an AuthPolicy. */
export const denialSchema = denial.describe(
  'The content of answers of 401 and 403, and of 429 for bad credentials. Left out: problem details (RFC 9457).',
);

/** `denial` of what a rule of a RateLimitPolicy answers. */
export const limitDenialSchema = denial.describe(
  'The content of answers of 429; calls of gRPC have none. Left out: problem details (RFC 9457).',
);

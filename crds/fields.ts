// The small words schemas are made of: names, hosts, ports, durations. Patterns are valid both here and in RE2.
import * as z from 'zod';
import { withRules, type Rule } from './grammar.ts';
import { networkFault } from './network.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const token = "[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+";

/** `text` must match `pattern`; `message` tells the remedy. */
function matching(pattern: string, message: string): z.ZodString {
  return z.string().regex(new RegExp(pattern), message);
}

/** As {@link matching}, of what YAML reads as a number where its unit is forgotten: `bare` is told of that. */
function amountOf(pattern: string, message: string, bare = message): z.ZodString {
  const error = ({ input }: { readonly input?: unknown }) => (typeof input === 'number' ? bare : undefined);
  return z.string({ error }).regex(new RegExp(pattern), message);
}

/** Name of any object (the kinds' own rules are stricter, and a reference to a wrong name finds nothing). */
export const objectName = z.string().min(1).max(253);

/** `metadata.name` of an object: an RFC 1123 subdomain. */
export const subdomainName = matching(
  `^${subdomain}$`,
  "must be lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit",
)
  .min(1)
  .max(253);

/** Key of a label or an annotation. */
export const qualifiedKey = matching(
  `^(${subdomain}/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$`,
  'must be a name of at most 63 characters, with a domain and a slash before it or without',
);

/** Value of a label. */
export const labelValue = matching(
  '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$',
  "must be letters, digits, '-', '_' and '.', beginning and ending with a letter or digit",
).max(63);

/** RFC 1123 label. */
export const namespaceName = matching(
  `^${label}$`,
  "must be a namespace's name: lower-case letters, digits and '-', beginning and ending with a letter or digit",
)
  .min(1)
  .max(63);

/** Namespace of an object; empty for kinds without. */
export const namespaceOrNone = matching(`^$|^${label}$`, "must be a namespace's name").max(63);

/** Name of a rule, a limit and the like of ours: an RFC 1123 label. */
export const partName = matching(
  `^${label}$`,
  "must be lower-case letters, digits and '-', beginning and ending with a letter or digit",
)
  .min(1)
  .max(63);

/** Name of a listener or of a route's rule. */
export const sectionName = matching(
  `^${subdomain}$`,
  "must be lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit",
)
  .min(1)
  .max(253);

/** API group; empty for the core group. */
export const groupName = matching(
  `^$|^${subdomain}$`,
  'must be an API group such as gateway.networking.k8s.io, or empty for the core group',
).max(253);

/** Kind of an object. */
export const kindName = matching('^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$', 'must be a kind such as Service')
  .min(1)
  .max(63);

/** Name of a controller: a domain and a path. */
export const controllerName = matching(
  `^${subdomain}\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$`,
  'must be a domain and a path, such as turnpike.dev/gateway-controller',
)
  .min(1)
  .max(253);

/** Host name without port, or `*.` and a domain. */
export const hostname = z
  .string()
  .regex(new RegExp(`^(\\*\\.)?${subdomain}$`), {
    error: ({ input }) =>
      input === '*'
        ? "'*' is no host name: leave it out, which means any host"
        : "must be a lower-case host name without port, such as shop.example.com, or a wildcard such as '*.example.com'",
  })
  .min(1)
  .max(253);

/** Host name without wildcard or port. */
export const preciseHostname = matching(
  `^${subdomain}$`,
  'must be a lower-case host name without port or wildcard, such as shop.example.com',
)
  .min(1)
  .max(253);

const tokenWords = "letters, digits and the signs - _ . ! # $ % & ' * + ^ ` | ~, without spaces or colon";

/** Name of an HTTP field: an RFC 9110 token. */
export const fieldName = matching(`^${token}$`, `must be the name of an HTTP header: ${tokenWords}`)
  .min(1)
  .max(256);

/** Scheme of a credential in a header (RFC 9110 section 11.1): a token too. */
export const authScheme = matching(`^${token}$`, 'must be a scheme such as Bearer, without spaces or colon')
  .min(1)
  .max(64);

/** Name of a cookie (RFC 6265): a token too. */
export const cookieName = matching(`^${token}$`, `must be the name of a cookie: ${tokenWords}`)
  .min(1)
  .max(256);

/** Amount of a resource: a Kubernetes quantity. */
export const quantity = amountOf(
  '^[0-9]{1,15}(\\.[0-9]{1,9})?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$',
  'must be a quantity such as 500m, 1.5 or 256Mi',
  "must be a quantity such as 256Mi, or '1' in quotes",
).max(28);

/** A number of pods, or a share of them. */
export const amount = amountOf(
  '^([0-9]{1,4}|[0-9]{1,2}%|100%)$',
  'must be a number or a share, such as 1 or 25%',
  "must be a share such as 25%, or a number in quotes such as '1'",
).max(4);

/** A Consumer by its name, or by namespace and name. */
export const consumerName = matching(
  `^(${label}/)?${subdomain}$`,
  'must be the name of a Consumer, or its namespace and name as shop/reports',
)
  .min(1)
  .max(317);

const noNetwork = 'must be a network such as 10.0.0.0/8 or 2001:db8::/32, or one address such as 10.0.0.1/32';

/** A network of addresses (CIDR). */
export const network = withRules(matching('^[0-9a-fA-F.:]{2,45}/[0-9]{1,3}$', noNetwork).max(43), [
  { cel: 'isCIDR(self)', message: noNetwork, holds: (text) => networkFault(text) !== 'NoNetwork' },
  {
    cel: '!isCIDR(self) || cidr(self) == cidr(self).masked()',
    message:
      'has an address with bits beyond its length: write the network, as 10.0.0.0/8 in place of 10.0.0.1/8, or one address with the length 32 (IPv6: 128)',
    holds: (text) => networkFault(text) !== 'BitsBeyondLength',
  },
]);

/** How many bits of an address tell whose it is. */
export const addressPrefixes = {
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
};

/** A moment (RFC 3339) in UTC. */
export const instant = matching(
  '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$',
  'must be a time in UTC such as 2027-06-30T00:00:00Z',
).max(20);

/** A TCP or UDP port. */
export const port = z
  .int32({
    error: ({ input }) =>
      typeof input === 'string' ? 'must be the number of a port, without quotes, and no name' : undefined,
  })
  .min(1)
  .max(65535);

/** Gateway API duration (GEP-2257). */
export const duration = amountOf(
  '^([0-9]{1,5}(h|m|s|ms)){1,4}$',
  'must be a duration in whole h, m, s and ms, such as 1h30m or 500ms; there are no days: 30 are 720h',
).max(28);

const millisecondsOf = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** Milliseconds of a duration that has been decoded. */
export function durationMs(text: string): number {
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/([0-9]+)(ms|h|m|s)/g)) {
    if (unit === 'h' || unit === 'm' || unit === 's' || unit === 'ms')
      sum += Number(count) * millisecondsOf[unit];
  }
  return sum;
}

/** A duration that takes some time. */
export const positiveDuration = withRules(duration, [
  {
    cel: "duration(self) > duration('0s')",
    message: 'must be longer than 0s',
    holds: (text) => durationMs(text) > 0,
  },
]);

/** No duration may be longer than `longest`; `why`: what speaks against it. */
export function noLongerThan(longest: string, why = ''): Rule<string> {
  const longestMs = durationMs(longest);
  return {
    cel: `duration(self) <= duration('${longest}')`,
    message: `must be at most ${longest}${becauseOf(why)}`,
    holds: (text) => durationMs(text) <= longestMs,
  };
}

/** No duration may be shorter than `shortest`, or longer than `longest`; `why`: what speaks against it. */
export function lastingBetween(shortest: string, longest: string, why = ''): Rule<string> {
  const shortestMs = durationMs(shortest);
  const longestMs = durationMs(longest);
  return {
    cel: `duration(self) >= duration('${shortest}') && duration(self) <= duration('${longest}')`,
    message: `must be from ${shortest} to ${longest}${becauseOf(why)}`,
    holds: (text) => durationMs(text) >= shortestMs && durationMs(text) <= longestMs,
  };
}

function becauseOf(why: string): string {
  return why === '' ? '' : `: ${why}`;
}

const octetUnits = ' (units: k, M, G, Ki, Mi, Gi)';
const bareOctets = "must be an amount of octets such as 64Ki or 10Mi, or '65536' in quotes";

/** An amount of octets: a Kubernetes quantity without fractions. */
export const octets = amountOf(
  '^[0-9]{1,12}(k|Ki|M|Mi|G|Gi)?$',
  `must be an amount of octets such as 65536, 64Ki or 10Mi${octetUnits}`,
  bareOctets,
).max(16);

/** {@link octets} that are some. */
export const someOctets = amountOf(
  '^[1-9][0-9]{0,11}(k|Ki|M|Mi|G|Gi)?$',
  `must be an amount of octets such as 65536, 64Ki or 10Mi${octetUnits}, and not 0`,
  bareOctets,
).max(16);

const octetsOf = { k: 1e3, Ki: 1024, M: 1e6, Mi: 1024 ** 2, G: 1e9, Gi: 1024 ** 3 } as const;

/** Octets of an amount that has been decoded. */
export function octetCount(text: string): number {
  const [, count, unit] = /^([0-9]+)(k|Ki|M|Mi|G|Gi)?$/.exec(text) ?? [];
  const factor = unit === undefined ? 1 : octetsOf[unit as keyof typeof octetsOf];
  return Number(count ?? 0) * factor;
}

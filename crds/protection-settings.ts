// The settings of a ProtectionPolicy by groups. A group that is left out is as the policy of the Gateway says; where
// that says nothing either, nothing of the kind is done.
import * as z from 'zod';
import {
  addressPrefixes,
  duration,
  fieldName,
  labelValue,
  lastingBetween,
  network,
  objectName,
  partName,
  qualifiedKey,
} from './fields.ts';
import { atomicList, listByKeys, oneOf, setOf, withRules, type Frozen, type Rule } from './grammar.ts';

const some = z.int32().min(1).max(10_000_000);

const window = withRules(duration, [lastingBetween('1s', '1h')]);

const mode = z
  .enum(['Enforce', 'Shadow'])
  .default('Enforce')
  .describe('Enforce: what is too much is refused. Shadow: it is only counted and reported.');

type PerAddress = {
  readonly opened?: number;
  readonly window?: string;
  readonly burst?: number;
  readonly maxOpen?: number;
};

const perAddressRules: readonly Rule<PerAddress>[] = [
  {
    cel: 'has(self.opened) || has(self.maxOpen)',
    message: 'nothing is limited: add opened with window, or maxOpen',
    holds: ({ opened, maxOpen }) => opened !== undefined || maxOpen !== undefined,
  },
  {
    cel: 'has(self.opened) == has(self.window)',
    message: 'opened and window are set together: add the other, or remove both',
    holds: ({ opened, window }) => (opened === undefined) === (window === undefined),
  },
  {
    cel: '!has(self.burst) || has(self.opened)',
    message: 'burst is for opened: add opened with window, or remove burst',
    holds: ({ burst, opened }) => burst === undefined || opened !== undefined,
  },
];

const connections = z
  .object({
    perAddress: withRules(
      z.object({
        opened: some.exactOptional().describe('How many connections one address may open in each window.'),
        window: window.exactOptional().describe('The time they are for, such as 1s or 1m; from 1s to 1h.'),
        burst: some
          .exactOptional()
          .describe('How many of them may be opened at once. Left out: as many as opened.'),
        maxOpen: some.exactOptional().describe('How many connections one address may have open at a time.'),
        ...addressPrefixes,
      }),
      perAddressRules,
    ).describe('What one address may do.'),
    mode,
  })
  .describe(
    'Connections of one address, counted by each data plane over all ports the policy holds for. What is too much is reset when it is accepted, before anything is read of it; where a load balancer tells the address by the PROXY protocol, after that header. Connections of proxies that clientAddress of a ClientPolicy trusts are not counted.',
  );

const bans = listByKeys(
  z.object({
    name: partName.describe('Name of the rule: in metrics, logs and statuses.'),
    statuses: setOf(z.int32().min(400).max(499))
      .min(1)
      .max(16)
      .describe(
        'Statuses of answers, such as 401, 404 and 429, whoever gave them: a backend, or the gateway.',
      ),
    answers: some.describe('So many of them in a window, over all statuses of the rule, make a ban.'),
    window: window.describe('The time they are for, such as 1m; from 1s to 1h.'),
    duration: withRules(duration, [lastingBetween('1s', '720h')]).describe(
      'How long the address may not come, such as 10m; from 1s to 720h.',
    ),
    mode,
  }),
  ['name'],
)
  .min(1)
  .max(8)
  .describe(
    'Rules that ban addresses for what they were answered, IPv6 by /64. Each data plane counts for itself; who is banned at one is banned at all where the Gateway has a Redis. Addresses of proxies that a ClientPolicy trusts are not counted.',
  );

const requests = z
  .object({
    perAddress: z
      .object({
        requests: some.describe('How many requests one address may send in each window.'),
        window: window.describe('The time they are for, such as 1s or 1m; from 1s to 1h.'),
        burst: some
          .exactOptional()
          .describe('How many of them may come at once. Left out: as many as requests.'),
        ...addressPrefixes,
      })
      .describe('What one address may do.'),
    mode,
  })
  .describe(
    'Requests of one address, over all protocols, counted by each data plane over all ports the policy holds for, before it is known which route they are for. As many again are answered 429 (gRPC: RESOURCE_EXHAUSTED); who goes on beyond that has the connection cut, unless it is that of a proxy that is believed. The address is the one that clientAddress of a ClientPolicy says.',
  );

type Bot = { readonly action: string; readonly mode: string };

const shadowed: Rule<Bot> = {
  cel: "self.action == 'Refuse' || self.mode == 'Enforce'",
  message: 'mode Shadow is for action Refuse: remove mode',
  holds: ({ action, mode: chosen }) => action === 'Refuse' || chosen === 'Enforce',
};

const bot = withRules(
  oneOf({
    type: 'What the header must be for the rule to fit: Missing (or empty), Values, or Regex.',
    variants: {
      Missing: {},
      Values: {
        values: setOf(z.string().min(1).max(512))
          .min(1)
          .max(64)
          .describe('What its whole value must be, one of these, upper and lower case told apart.'),
      },
      Regex: {
        regex: z
          .string()
          .min(1)
          .max(1024)
          .describe(
            'A regular expression in RE2 syntax that must fit somewhere in its value, such as (?i)sqlmap|nikto. Values longer than 512 characters fit each of action Refuse, and none of action Allow.',
          ),
      },
    },
    common: {
      name: partName.describe('Name of the rule: in the access log.'),
      header: fieldName.describe('The header, such as user-agent.'),
      action: z
        .enum(['Refuse', 'Allow'])
        .default('Refuse')
        .describe('Refuse: the answer is 403. Allow: no rule after this one is asked.'),
      mode,
    },
  }),
  [shadowed],
);

const bots = listByKeys(bot, ['name'])
  .min(1)
  .max(32)
  .describe(
    'Programs that are refused by what their requests say of them, before it is looked for a route. The first rule that fits decides; where none does, the request goes on. What a client says of itself proves nothing: an Allow lets nobody past anything but these rules.',
  );

const listSelector = withRules(
  z.object({
    matchLabels: z
      .record(qualifiedKey, labelValue)
      .describe('Labels that a ConfigMap must have, all of them; at least one.'),
  }),
  [
    {
      cel: 'self.matchLabels.size() > 0',
      message: 'would select all ConfigMaps, also those that hold no addresses: name a label',
      holds: (selector) => Object.keys(selector.matchLabels).length > 0,
    },
  ],
);

const reputation = listByKeys(
  oneOf({
    type: 'Where the list is: ConfigMap (one by its name) or Selector (all with some labels, as a ConfigMap holds no more than 1 MiB).',
    variants: {
      ConfigMap: {
        configMap: z
          .object({ name: objectName.describe('Name of the ConfigMap, in the same namespace.') })
          .describe('The ConfigMap that holds the list.'),
      },
      Selector: {
        selector: listSelector.describe('The ConfigMaps of the same namespace that hold the list together.'),
      },
    },
    common: {
      name: partName.describe('Name of the list: metrics and the log go by it, such as scanners.'),
      mode,
    },
  }),
  ['name'],
)
  .min(1)
  .max(16)
  .describe(
    'Lists of networks whose clients are kept out: in all entries of the ConfigMaps, one network or address a line, IPv4 or IPv6; what follows # is a comment. Connections from there are reset when they are accepted; requests of a client of whom a believed proxy tells are answered 403.',
  );

const exempt = z
  .object({
    addresses: atomicList(network)
      .min(1)
      .max(128)
      .describe('Networks of clients that are never refused nor counted, such as 10.0.0.0/8.'),
  })
  .describe('Whom nothing of this policy holds for. Left out: nobody.');

/** The groups that a ProtectionPolicy can set. */
export const protectionGroups = { connections, requests, reputation, bans, bots, exempt } as const;

/** Settings of a ProtectionPolicy, decoded. */
export type ProtectionGroups = {
  readonly [Name in keyof typeof protectionGroups]?: Frozen<z.output<(typeof protectionGroups)[Name]>>;
};

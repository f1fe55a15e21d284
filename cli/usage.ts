// What the turnpike command can be told. Starts nothing and loads nothing, so that its reference can be made from here.

/** What `turnpike --help` prints. */
export const turnpikeHelp = `usage: turnpike COMMAND [OPTION ...]

  up        run both planes from folders of manifests, without a cluster
  check     validate folders of manifests offline
  key       make, list and revoke API keys
  usage     tell what Consumers have used
  ban       ban addresses, list and remove bans
  version   tell the versions of Turnpike and Node

turnpike COMMAND --help tells a command's options.
`;

/** What `turnpike up --help` prints. */
export const upHelp = `usage: turnpike up [OPTION ...]   (npm start -- [OPTION ...])

Runs both planes from folders of Kubernetes manifests: no cluster, no Redis, limits in memory. Saving a manifest
takes effect at once. Endpoints may be on this machine (127.0.0.1), which a cluster refuses. Ctrl-C ends it.

  --folder FOLDER            manifests (*.yaml, *.yml, *.json, also in folders below); may be given several times
                             (default: the quickstart's, with its demo services)
  --address ADDRESS          what listeners bind (default 127.0.0.1; 0.0.0.0 for all)
  --demo, --no-demo          run or do not run the quickstart's demo services and token issuer on ports 7101 to 7103
                             (default: only without --folder)
  --admin-address HOST:PORT  tell health, metrics and the running config there, secrets redacted (default: nowhere)
  --usage-journal FOLDER     keep a journal there of what Consumers use (default: they are counted in memory alone)
  --usage-events FILE        add what is in that journal to a file, as CloudEvents
  --access-log               print a line of JSON for each request
  --quiet                    print problems only
  --help                     tell this

Exit codes: 0 ended by a signal, 1 could not start, 2 wrong options.
`;

/** The options of `turnpike up` as parseArgs of node:util takes them. */
export const upArguments = {
  folder: { type: 'string', multiple: true },
  address: { type: 'string', default: '127.0.0.1' },
  demo: { type: 'boolean' },
  'admin-address': { type: 'string' },
  'usage-journal': { type: 'string' },
  'usage-events': { type: 'string' },
  'access-log': { type: 'boolean', default: false },
  quiet: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** What `turnpike check --help` prints; it has no options but that one. */
export const checkHelp = `usage: turnpike check FOLDER [FOLDER ...]

Validates manifests as an API server and the controller would, without either. Several folders are taken as one.
Prints one line for each problem: file and line (of what is wrong in one object by itself), object, field, what is
wrong, what to do. Warnings are no problems.

Exit codes: 0 no problems, 1 problems (or no manifests), 2 a folder cannot be read, or wrong options.
`;

/** What `turnpike key --help` prints. */
export const keyHelp = `usage: turnpike key create --consumer NAME [OPTION ...]
       turnpike key hash --consumer NAME [OPTION ...] < KEY
       turnpike key list FOLDER [FOLDER ...]
       turnpike key revoke PREFIX FOLDER [FOLDER ...]

Makes API keys, and keeps their hashes in manifests: a key itself is told once and written nowhere. Without --file the
manifest goes to standard output (for kubectl apply -f -) and the key to standard error; with it the key goes to
standard output. In a Consumer that has keys already a new one lives beside them until the old one is revoked.

  create             make a key, and the Consumer with its hash
  hash               read a key of others from standard input, and tell its line for a Secret
  list               tell the keys in folders of manifests
  revoke             take the key of a prefix out of the manifests
  --consumer NAME    whose key it is
  --namespace NAME   the namespace of the Consumer (default default)
  --group NAME       a group of the consumer; may be given several times
  --plan NAME        the plan of the consumer
  --expires TIME     when the key ends: 2027-06-30, 2027-06-30T12:00:00Z, 90d or 12h (default: never)
  --line             tell a line for a Secret that holds many keys in place of a Consumer
  --file FILE        write the Consumer there, or add the key to it where the file has it
  --help             tell this

Exit codes: 0 done, 1 no such key, 2 wrong options, or a file that cannot be read.
`;

/** The options of `turnpike key` as parseArgs of node:util takes them. */
export const keyArguments = {
  consumer: { type: 'string' },
  namespace: { type: 'string', default: 'default' },
  group: { type: 'string', multiple: true },
  plan: { type: 'string' },
  expires: { type: 'string' },
  line: { type: 'boolean', default: false },
  file: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** What `turnpike usage --help` prints. */
export const usageHelp = `usage: turnpike usage [OPTION ...]

Tells what Consumers have used, in units (one for each request that all limits let pass): in a cluster by its data
planes, which are asked through the API server, or from the folder that a data plane or turnpike up keeps its journal in
(--usage-journal).

  --folder FOLDER     the folder of a journal, in place of a cluster
  --kubeconfig FILE   how the cluster is reached (default: as KUBECONFIG says, or .kube/config at home)
  --context NAME      the context there (default: the current one)
  --namespace NAME    of Gateways in this namespace alone
  --consumer NAME     of this Consumer alone: NAMESPACE/NAME, or a name in the namespace default
  --period PERIOD     a year, month, day or hour (UTC): 2026, 2026-11, 2026-11-23 or 2026-11-23T04 (default: this month)
  --reconcile         tell what is counted although nobody knows whether it was used: leases of data planes that were
                      killed
  --output FORMAT     table or json, also -o (default table)
  --help              tell this

Exit codes: 0 told, 1 the folder, the cluster or some data plane tells nothing, 2 wrong options.
`;

/** The options of `turnpike usage` as parseArgs of node:util takes them. */
export const usageArguments = {
  folder: { type: 'string' },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  namespace: { type: 'string' },
  consumer: { type: 'string' },
  period: { type: 'string' },
  reconcile: { type: 'boolean', default: false },
  output: { type: 'string', short: 'o', default: 'table' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** What `turnpike ban --help` prints. */
export const banHelp = `usage: turnpike ban add ADDRESS [ADDRESS ...] [OPTION ...]
       turnpike ban remove ADDRESS [ADDRESS ...] [OPTION ...]
       turnpike ban list [OPTION ...]

Says who may not come to the Gateways of a namespace, by objects of kind Ban: in the cluster of a kubeconfig, with the
rights that it gives, or in a folder. Data planes follow within a second. An address is one such as 192.0.2.7, of IPv6
with its /64, or a network such as 192.0.2.0/24.

  add                ban addresses; one that is banned already gets the new time and reason
  remove             let addresses come again: their Bans are deleted, and what rules have banned of them is lifted
  list               tell the Bans, and in a cluster what rules of ProtectionPolicies have banned, as data planes tell it:
                     address, action, until when, reason, name
  --for TIME         add: how long, such as 30s, 10m, 12h or 90d (default: until it is removed); remove: how long rules
                     do not ban them again (default 10m)
  --reason TEXT      why, for people
  --wide             add: ban a network, too, that is shorter than /8, or /16 of IPv6: 0.0.0.0/0 is everybody
  --namespace NAME   whose Gateways (default: that of the context, else default)
  --kubeconfig FILE  the cluster (default: KUBECONFIG, else ~/.kube/config)
  --context NAME     of the kubeconfig (default: its current one)
  --folder FOLDER    a folder of manifests in place of a cluster
  --help             tell this

Exit codes: 0 done, 1 the cluster refuses it, or not all of it could be done, 2 wrong options.
`;

/** The options of `turnpike ban` as parseArgs of node:util takes them. */
export const banArguments = {
  for: { type: 'string' },
  reason: { type: 'string' },
  wide: { type: 'boolean', default: false },
  namespace: { type: 'string' },
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  folder: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

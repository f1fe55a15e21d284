// What the turnpike command can be told. Starts nothing and loads nothing, so that its reference can be made from here.

/** What `turnpike --help` prints. */
export const turnpikeHelp = `usage: turnpike COMMAND [OPTION ...]

  up        run both planes from folders of manifests, without a cluster
  check     validate folders of manifests offline
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

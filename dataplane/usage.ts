// What the data plane's process can be told. Starts nothing, so that its reference can be made from here.

/** What `--help` prints: a usage line, a paragraph, a line or more for each option. docs/reference/options.md is made from it. */
export const dataPlaneHelp = `usage: node dataplane/main.ts --gateway NAMESPACE/NAME --controller URL --ca-file FILE --token-file FILE

Serves one Gateway. Each option can also be an environment variable: TURNPIKE_GATEWAY and so on.

  --gateway NAMESPACE/NAME   the Gateway to serve
  --controller URL           https://host:port of the controllers; several separated by commas
  --ca-file FILE             the authorities that controllers' certificates are checked by (PEM)
  --token-file FILE          the service account's token with the audience turnpike.dev
  --state-folder FOLDER      keeps the last good snapshot there; without it none is kept
  --usage-journal FOLDER     keeps a journal there of what Consumers use; without it they are counted in memory alone
  --usage-events TO          tells what is in that journal, as CloudEvents: a file, or the https URL of a server
  --usage-events-ca FILE     the authorities that the server's certificate must be from (default: the system's)
  --usage-events-token FILE  the bearer token that the server is shown
  --usage-events-trust NETS  networks like 10.0.0.0/8, separated by commas, to which its name may lead though they are
                             not public
  --address ADDRESS          what listeners bind; all addresses without it
  --admin-address HOST:PORT  health, metrics and running config (default 127.0.0.1:9901; port 0 takes a free one)
  --reserved-port PORT       a port that listeners do not bind, being taken; one of this number binds 61001 (or the
                             next that no other listener has), and its Service must send there
  --instance NAME            the pod's name (default: the host's)
  --access-log MODE          stdout or off (default stdout)
  --drain-accept SECONDS     in which connections are still taken after SIGTERM (default 5)
  --drain-idle SECONDS       how long silent connections are kept after that: a request that comes on one is still
                             answered, and the answer closes it (default 10)
  --drain-deadline SECONDS   after which what is left is cut (default 60)
`;

/** The options as parseArgs of node:util takes them. */
export const dataPlaneOptions = {
  gateway: { type: 'string' },
  controller: { type: 'string' },
  'ca-file': { type: 'string' },
  'token-file': { type: 'string' },
  'state-folder': { type: 'string' },
  'usage-journal': { type: 'string' },
  'usage-events': { type: 'string' },
  'usage-events-ca': { type: 'string' },
  'usage-events-token': { type: 'string' },
  'usage-events-trust': { type: 'string' },
  address: { type: 'string' },
  'admin-address': { type: 'string' },
  'reserved-port': { type: 'string' },
  instance: { type: 'string' },
  'access-log': { type: 'string' },
  'drain-accept': { type: 'string' },
  'drain-idle': { type: 'string' },
  'drain-deadline': { type: 'string' },
  help: { type: 'boolean' },
} as const;

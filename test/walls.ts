// The walls of the house (docs/architecture.md): who may import whom, and which package lives where.

/** What a room may import beside itself: other rooms by prefix, packages, built-ins. */
interface Walls {
  readonly rooms: readonly string[];
  readonly packages?: readonly string[];
  readonly builtins?: readonly string[];
  /** No clock, randomness, environment, console, timers. */
  readonly pure?: true;
}

const anyBuiltin = ['*'];
const contract = ['snapshot'];
const words = ['controller/translate/input', 'controller/translate/translation'];

/** Longest prefix wins. node:assert is open to all. */
export const walls: Readonly<Record<string, Walls>> = {
  snapshot: { rooms: [], builtins: ['node:crypto', 'node:net'], pure: true },
  // What no policy may name is a rule of the contract: a list of words, from which a rule of the CRD is made.
  crds: { rooms: ['snapshot/reserved-fields'], packages: ['zod'], builtins: ['node:net'], pure: true },
  'crds/generate': { rooms: ['crds'], packages: ['yaml'], builtins: ['node:fs', 'node:path'] },
  charts: { rooms: ['crds'], packages: ['yaml', 'zod'], builtins: ['node:fs', 'node:path'] },
  admin: { rooms: [], builtins: ['node:http', 'node:net'] },
  cel: { rooms: [], packages: ['@marcbachmann/cel-js', 're2js'], builtins: ['node:net'], pure: true },
  'controller/translate': {
    rooms: ['cel', 'snapshot', 'crds'],
    builtins: ['node:crypto', 'node:net'],
    pure: true,
  },
  'controller/endpoints': { rooms: ['snapshot', 'crds', ...words], builtins: ['node:net'], pure: true },
  'controller/store': {
    rooms: ['snapshot', 'crds', 'controller/source', 'controller/translate/input'],
    builtins: ['node:crypto'],
    pure: true,
  },
  'controller/loop': {
    rooms: ['snapshot', 'controller/clock', 'controller/list-pace', 'controller/store', ...words],
  },
  'controller/list-pace': { rooms: ['crds', 'controller/clock', 'controller/translate/input'] },
  'controller/kube': {
    rooms: ['crds', 'controller/source', 'controller/clock'],
    packages: ['@kubernetes/client-node', 'undici'],
    builtins: ['node:crypto', 'node:fs', 'node:https', 'node:net', 'node:path'],
  },
  'controller/files': {
    rooms: ['crds', 'controller/source', 'controller/clock'],
    packages: ['yaml'],
    builtins: ['node:crypto', 'node:fs', 'node:path'],
  },
  'controller/source': { rooms: ['crds'] },
  'controller/clock': { rooms: [] },
  'controller/quota-watch': { rooms: ['snapshot', 'controller/clock', 'controller/translate/input'] },
  'controller/status': {
    rooms: ['snapshot', 'controller/source', 'controller/clock', 'controller/translate/translation'],
    builtins: ['node:util'],
  },
  'controller/election': { rooms: ['controller/kube', 'controller/clock'] },
  'controller/events': { rooms: ['controller/kube', 'controller/clock'], builtins: ['node:crypto'] },
  'controller/keys': {
    rooms: ['snapshot', 'crds', 'controller/kube', 'controller/clock', ...words],
    packages: ['undici'],
    builtins: ['node:crypto', 'node:net'],
  },
  'controller/provision': {
    rooms: [
      'snapshot',
      'crds',
      'controller/kube',
      'controller/source',
      'controller/clock',
      'controller/translate/input',
      'controller/translate/infrastructure/infrastructure',
      'controller/provision/plan',
    ],
    builtins: ['node:crypto'],
  },
  'controller/provision/plan': {
    rooms: ['snapshot', 'crds', 'controller/translate/infrastructure'],
    builtins: ['node:crypto'],
    pure: true,
  },
  'controller/publish': {
    rooms: contract,
    builtins: ['node:events', 'node:http2', 'node:net', 'node:stream', 'node:timers'],
  },
  'controller/authority': {
    rooms: contract,
    packages: ['@peculiar/x509'],
    builtins: ['node:crypto', 'node:net'],
  },
  'controller/admin': { rooms: ['snapshot', 'admin'], packages: ['@prometheus-io/client'] },
  'controller/plane': { rooms: ['snapshot', 'crds', 'controller'] },
  'controller/cluster': {
    rooms: ['admin', 'snapshot', 'crds', 'controller'],
    builtins: ['node:dns', 'node:fs', 'node:util'],
  },
  'controller/main': { rooms: ['admin', 'controller'], builtins: ['node:os', 'node:util'] },
  'controller/usage': { rooms: [], pure: true },
  'dataplane/http': { rooms: ['snapshot/request-path'], builtins: ['node:net'], pure: true },
  'dataplane/h2': { rooms: ['dataplane/http'] },
  'dataplane/route': { rooms: ['snapshot', 'dataplane/http'], packages: ['re2js'], pure: true },
  'dataplane/runtime': {
    rooms: ['snapshot', 'dataplane/http', 'dataplane/route', 'dataplane/upstream'],
  },
  'dataplane/filters': { rooms: ['snapshot', 'dataplane/http'], pure: true },
  'dataplane/filters/authenticate': {
    rooms: ['cel', 'snapshot', 'dataplane/http', 'dataplane/filters'],
    packages: ['@bufbuild/protobuf', 'bcrypt', 'lru-cache', 'oauth4webapi', 'structured-headers'],
    builtins: ['node:buffer', 'node:crypto', 'node:timers'],
  },
  'dataplane/counters': { rooms: [], pure: true },
  'dataplane/filters/rate-limit': {
    rooms: [
      'cel',
      'snapshot',
      'dataplane/counters',
      'dataplane/http',
      'dataplane/filters',
      'dataplane/filters/authenticate',
      'dataplane/filters/redis',
    ],
    builtins: ['node:crypto'],
  },
  'dataplane/filters/redis': {
    rooms: ['snapshot', 'dataplane/filters/follow-stream', 'dataplane/filters/shared-memory'],
    packages: ['ioredis'],
    builtins: ['node:net', 'node:timers'],
  },
  'dataplane/metering': {
    rooms: ['snapshot', 'dataplane/http'],
    builtins: ['node:crypto', 'node:fs', 'node:path', 'node:timers'],
  },
  'dataplane/compile': {
    rooms: [
      'snapshot',
      'dataplane/http',
      'dataplane/route',
      'dataplane/filters',
      'dataplane/upstream/sessions',
      'dataplane/runtime',
    ],
    builtins: ['node:crypto', 'node:tls'],
  },
  'dataplane/upstream': {
    rooms: ['snapshot', 'dataplane/h2', 'dataplane/http'],
    packages: ['lru-cache'],
    builtins: ['node:crypto', 'node:dgram', 'node:dns', 'node:net', 'node:tls'],
  },
  'dataplane/proxy': {
    rooms: ['snapshot', 'dataplane/http', 'dataplane/route', 'dataplane/upstream', 'dataplane/runtime'],
    builtins: ['node:crypto', 'node:net'],
  },
  'dataplane/protect': {
    rooms: [
      'snapshot',
      'dataplane/http',
      'dataplane/runtime',
      'dataplane/counters',
      'dataplane/filters/shared-memory',
    ],
    packages: ['re2js'],
    builtins: ['node:crypto', 'node:timers'],
  },
  'dataplane/listen': {
    rooms: ['snapshot', 'dataplane/h2', 'dataplane/http', 'dataplane/proxy', 'dataplane/runtime'],
    builtins: ['node:crypto', 'node:dgram', 'node:net', 'node:tls', 'node:v8'],
  },
  'dataplane/subscribe': {
    rooms: contract,
    builtins: ['node:crypto', 'node:dns', 'node:fs', 'node:http2', 'node:net', 'node:path', 'node:timers'],
  },
  'dataplane/observe': {
    rooms: ['snapshot', 'dataplane/http'],
    packages: ['@prometheus-io/client'],
    builtins: ['node:fs', 'node:timers'],
  },
  'dataplane/admin': { rooms: ['snapshot', 'admin'] },
  'dataplane/plane': { rooms: ['cel', 'snapshot', 'dataplane'] },
  'dataplane/main': {
    rooms: ['admin', 'snapshot', 'dataplane'],
    builtins: ['node:fs', 'node:os', 'node:util'],
  },
  'dataplane/usage': { rooms: [], pure: true },
  cli: {
    rooms: ['admin', 'snapshot', 'crds', 'controller', 'dataplane', 'examples', 'cli/key'],
    builtins: anyBuiltin,
  },
  'cli/key': {
    rooms: ['crds', 'controller/files/folder-tree', 'cli'],
    packages: ['yaml'],
    builtins: anyBuiltin,
  },
  test: { rooms: ['*'], packages: ['*'], builtins: anyBuiltin },
  e2e: { rooms: ['*'], packages: ['*'], builtins: anyBuiltin },
  bench: { rooms: ['*'], packages: ['*'], builtins: anyBuiltin },
  examples: { rooms: [], builtins: anyBuiltin },
};

// What can be wrong with a value, by what it is: pieces of which bad objects are made.

/** What is wrong, and the manifest; it may not even decode. */
export type BadObject = readonly [name: string, manifest: Manifest];

export type Manifest = Readonly<Record<string, unknown>> & { readonly kind: string };

/** Of the bad object, which is older than any good one. */
export const metadata = { name: 'bad', namespace: 'shop', creationTimestamp: '2024-01-01T00:00:00Z' };

export const hostnames = {
  'no label': '', 'a dot': '.', 'two dots': 'a..example.com', 'a wildcard alone': '*', 'a wildcard in the middle': 'a.*.example.com',
  'two wildcards': '*.*.example.com', 'a wildcard in a label': 'a*.example.com', 'an IPv4 address': '10.0.0.1', 'an IPv6 address': '[::1]',
  'a port': 'a.example.com:80', 'upper case': 'A.EXAMPLE.COM', 'an underscore': 'a_b.example.com', 'a hyphen first': '-a.example.com',
  'a hyphen last': 'a-.example.com', 'a long label': `${'a'.repeat(64)}.example.com`, 'too long a name': `${'a.'.repeat(127)}com`,
  'a letter of another script': 'bücher.example.com', 'a line feed': 'a\nb.example.com', 'a NUL': 'a\0b', 'a space': 'a b.example.com',
  'a slash': 'a/b', 'markup': '<script>', 'a name of prototypes': '__proto__', 'a number': 7, 'an object': {}, 'null': null,
} as const; // prettier-ignore

export const regexes = {
  'an open group': '(', 'an open class': '[', 'an open repetition': 'a{2', 'nothing to repeat': '*a', 'a look-behind': '(?<=a)b', 'a look-ahead': '(?=a)b',
  'a back-reference': '(a)\\1', 'nested repetition': '^(a+)+$', 'nested alternatives': '^(a|aa)+$', 'a repetition too often': 'a{1001}', 'repetitions of repetitions': '((a{100}){100}){100}',
  'an unknown class': '\\p{Nobody}', 'an unknown flag': '(?z)a', 'a NUL': 'a\0b', 'a name twice': '(?P<a>a)(?P<a>b)', 'a thousand groups': '(a)'.repeat(1_000),
  'a thousand parentheses': `${'('.repeat(1_000)}${')'.repeat(1_000)}`, 'too long': 'a'.repeat(5_000), 'nothing': '', 'an object': {},
} as const; // prettier-ignore

export const references = {
  'a Service that does not exist': { name: 'none', port: 80 }, 'a port that does not exist': { name: 'cart', port: 81 }, 'no port': { name: 'cart' },
  'port 0': { name: 'cart', port: 0 }, 'port 65536': { name: 'cart', port: 65_536 }, 'a port that is no number': { name: 'cart', port: 'http' },
  'another namespace without a grant': { name: 'cart', namespace: 'office', port: 80 }, 'another kind': { kind: 'Secret', name: 'cart', port: 80 },
  'another group': { group: 'example.com', name: 'cart', port: 80 }, 'a name of prototypes': { name: 'constructor', port: 80 }, 'an empty name': { name: '', port: 80 },
  'a weight below zero': { name: 'cart', port: 80, weight: -1 }, 'a weight beyond all': { name: 'cart', port: 80, weight: 1e9 }, 'a path for a name': { name: '../cart', port: 80 },
  'null': null,
} as const; // prettier-ignore

/** A listener that is as it should be. */
export const http = { name: 'one', protocol: 'HTTP', port: 80 };

export const certificate = { certificateRefs: [{ name: 'none' }] };
export const listeners: Readonly<Record<string, readonly object[]>> = {
  'none': [], 'of one name': [http, http], 'of one port and host': [http, { ...http, name: 'two' }], 'of two protocols on one port': [http, { ...http, name: 'two', protocol: 'HTTPS', tls: certificate }],
  'of TCP and HTTP on one port': [http, { ...http, name: 'two', protocol: 'TCP' }], 'of UDP twice on one port': [{ ...http, protocol: 'UDP' }, { ...http, name: 'two', protocol: 'UDP' }],
  'on port 0': [{ ...http, port: 0 }], 'on port 65536': [{ ...http, port: 65_536 }], 'on a port of ours': [{ ...http, port: 9_901 }], 'of an unknown protocol': [{ ...http, protocol: 'example.com/SPDY' }],
  'by TLS without certificate': [{ ...http, protocol: 'HTTPS' }], 'with a certificate that does not exist': [{ ...http, protocol: 'HTTPS', tls: certificate }],
  'with a certificate of another namespace': [{ ...http, protocol: 'HTTPS', tls: { certificateRefs: [{ name: 'none', namespace: 'office' }] } }],
  'with a certificate of another kind': [{ ...http, protocol: 'HTTPS', tls: { certificateRefs: [{ kind: 'ConfigMap', name: 'none' }] } }],
  'with a name beyond all': [{ ...http, name: 'a'.repeat(254) }], 'without a name': [{ protocol: 'HTTP', port: 80 }], 'for an unknown kind of routes': [{ ...http, allowedRoutes: { kinds: [{ kind: 'Nobody' }] } }],
  'for a selector of nothing': [{ ...http, allowedRoutes: { namespaces: { from: 'Selector' } } }], 'for a selector that cannot be': [{ ...http, allowedRoutes: { namespaces: { from: 'Selector', selector: { matchExpressions: [{ key: 'a', operator: 'Like' }] } } } }],
  'that ask nobody': [{ ...http, filters: { requests: [{ type: 'ExternalAuth', externalAuth: { protocol: 'HTTP', backendRef: { name: 'none', port: 80 }, http: {} } }] } }],
  'that pull in nothing': [{ ...http, filters: { requests: [{ type: 'ExtensionRef', extensionRef: { group: 'turnpike.dev', kind: 'AuthPolicy', name: 'none' } }] } }],
  'with filters of a type that nobody knows': [{ ...http, filters: { requests: [{ type: 'Nothing' }] } }], 'with filters of streams': [{ ...http, protocol: 'TCP', filters: { requests: [] } }],
  'with a thousand filters': [{ ...http, filters: { requests: Array.from({ length: 1_000 }, () => ({ type: 'Nothing' })) } }],
  'in their hundreds': Array.from({ length: 500 }, (_, index) => ({ ...http, name: `l${index}`, hostname: `h${index}.example.com` })),
} as const; // prettier-ignore

export const many = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));

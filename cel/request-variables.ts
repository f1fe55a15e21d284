// What expressions about requests can name. docs/reference/expressions.md tells it to users; a test compares the two.
import { JsonMapping, Mapping, type Meter, type Value } from './value.ts';
import { Variables, type VariableGroup } from './variables.ts';

/** What a request must tell so that an expression can be asked about it; an exchange of a data plane is one. */
export interface RequestSubject {
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly query: string | null;
    readonly host: string;
    readonly fields: SubjectFields;
  };
  readonly forwarded: { readonly fields: Pick<SubjectFields, 'joined'> };
  readonly client: {
    readonly address: string;
    readonly port: number;
    readonly serverName: string | null;
    readonly secure: boolean;
    readonly tlsVersion: string;
    readonly certificate: {
      readonly fingerprint: string;
      readonly subject: string;
      readonly issuer: string;
    } | null;
  };
  /** `route`: `HTTPRoute/<namespace>/<name>`. */
  readonly rule: { readonly route: string; readonly name: string } | null;
  readonly identity: SubjectIdentity | null;
}

/** Header fields by their names in lower case. */
export interface SubjectFields {
  readonly size: number;
  nameAt(line: number): string;
  /** All values of a name joined by `, `. */
  joined(name: string): string | undefined;
}

/** Who calls. */
export interface SubjectIdentity {
  readonly method: string;
  readonly subject: string;
  readonly consumer: string;
  readonly plan: string;
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  readonly keyId: string;
}

/** The variables of requests; `now` is the time of day in milliseconds since 1970. */
export function requestVariables(now: () => number): Variables<RequestSubject> {
  return new Variables<RequestSubject>({
    ...requestGroup,
    now: { type: 'google.protobuf.Timestamp', read: () => new Date(now()) },
  });
}

const requestGroup: VariableGroup<RequestSubject> = {
  request: {
    method: { type: 'string', read: ({ request }) => request.method },
    scheme: { type: 'string', read: ({ client }) => (client.secure ? 'https' : 'http') },
    host: { type: 'string', read: ({ request }) => request.host },
    path: { type: 'string', read: ({ request }) => request.path },
    query: {
      type: 'map<string, list<string>>',
      read: ({ request }) => new QueryMapping(request.query ?? ''),
    },
    headers: { type: 'map<string, string>', read: ({ request }) => new FieldMapping(request.fields) },
    id: { type: 'string', read: ({ forwarded }) => forwarded.fields.joined('x-request-id') },
  },
  source: {
    address: { type: 'string', read: ({ client }) => client.address },
    port: { type: 'int', read: ({ client }) => BigInt(client.port) },
  },
  tls: {
    sni: { type: 'string', read: ({ client }) => client.serverName ?? '' },
    version: { type: 'string', read: ({ client }) => client.tlsVersion },
    client: {
      subject: { type: 'string', read: ({ client }) => client.certificate?.subject ?? '' },
      issuer: { type: 'string', read: ({ client }) => client.certificate?.issuer ?? '' },
      fingerprint: { type: 'string', read: ({ client }) => client.certificate?.fingerprint ?? '' },
    },
  },
  route: {
    namespace: { type: 'string', read: ({ rule }) => rule?.route.split('/')[1] },
    name: { type: 'string', read: ({ rule }) => rule?.route.split('/')[2] },
    rule: { type: 'string', read: ({ rule }) => rule?.name },
  },
  auth: {
    method: { type: 'string', read: ({ identity }) => identity?.method ?? '' },
    subject: { type: 'string', read: ({ identity }) => identity?.subject ?? '' },
    consumer: { type: 'string', read: ({ identity }) => identity?.consumer ?? '' },
    plan: { type: 'string', read: ({ identity }) => identity?.plan ?? '' },
    groups: { type: 'list<string>', read: ({ identity }) => identity?.groups ?? nothing },
    scopes: { type: 'list<string>', read: ({ identity }) => identity?.scopes ?? nothing },
    claims: {
      type: 'map<string, dyn>',
      read: ({ identity }) => new JsonMapping(identity?.claims ?? noClaims),
    },
    keyId: { type: 'string', read: ({ identity }) => identity?.keyId ?? '' },
  },
};

const nothing: readonly string[] = Object.freeze([]);
const noClaims = Object.freeze({});

/** Header fields: names in lower case, to be asked for in any case; repeated ones joined by `, `. */
export class FieldMapping extends Mapping {
  readonly #fields: SubjectFields;

  constructor(fields: SubjectFields) {
    super();
    this.#fields = fields;
  }

  get(key: string, meter: Meter): Value | undefined {
    meter.charge(this.#fields.size >> 2);
    return this.#fields.joined(key.toLowerCase());
  }

  keys(meter: Meter): readonly string[] {
    meter.charge(this.#fields.size);
    const names = new Set<string>();
    for (let line = 0; line < this.#fields.size; line += 1) names.add(this.#fields.nameAt(line));
    return [...names];
  }
}

/** Query parameters, decoded as those of HTML forms are; each name has all of its values, in order. */
class QueryMapping extends Mapping {
  readonly #query: string;
  #parsed: ReadonlyMap<string, readonly string[]> | null = null;

  constructor(query: string) {
    super();
    this.#query = query;
  }

  get(key: string, meter: Meter): Value | undefined {
    return this.#parameters(meter).get(key);
  }

  keys(meter: Meter): readonly string[] {
    return [...this.#parameters(meter).keys()];
  }

  #parameters(meter: Meter): ReadonlyMap<string, readonly string[]> {
    if (this.#parsed === null) {
      meter.charge(this.#query.length >> 2);
      this.#parsed = valuesByName(this.#query);
    }
    return this.#parsed;
  }
}

function valuesByName(query: string): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const values = all.get(name);
    if (values === undefined) all.set(name, [value]);
    else values.push(value);
  }
  return all;
}

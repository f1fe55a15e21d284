// A service that is asked by HTTP: by the request's own head, and by its content where it is told that.
import { Fields } from '#dataplane/http/fields.ts';
import type { ServiceAnswer, ServiceRequest } from '#dataplane/http/service-call.ts';
import type { ExternalAuthorization } from '#snapshot/external-authorization.ts';
import { isReservedField } from '#snapshot/reserved-fields.ts';
import {
  passing,
  answerFieldsOf,
  refusing,
  saidField,
  UnusableAnswer,
  type Decision,
  type FieldEdit,
} from './decision.ts';
import type { Asked, AuthorizationProtocol } from './external-authorizer.ts';

/** What every refusal may need to be understood. */
const ofAnyRefusal = [
  'content-type',
  'www-authenticate',
  'location',
  'set-cookie',
  'cache-control',
  'retry-after',
];

/** Without these nobody understands content. */
const ofContent = ['content-type', 'content-encoding'];

/** Whether the service sees only what stands first; the name that Envoy has for it. */
export const partialBodyField = 'x-envoy-auth-partial-body';

/** Where a service that is told hosts by their name alone finds that of the request. */
const hostField = 'x-forwarded-host';

/** See GEP-1494. */
export class ExternalByHttp implements AuthorizationProtocol {
  readonly #policy: string;
  readonly #terms: ExternalAuthorization;
  readonly #toService: readonly string[];
  readonly #toClient: ReadonlySet<string> | null;

  constructor(policy: string, terms: ExternalAuthorization) {
    this.#policy = policy;
    this.#terms = terms;
    const names = new Set([...(terms.headersToService ?? []), ...(terms.body === null ? [] : ofContent)]);
    this.#toService = [...names].filter(
      (name) => name !== 'authorization' && name !== partialBodyField && !isReservedField(name),
    );
    this.#toClient =
      terms.headersToClient === null ? null : new Set([...ofAnyRefusal, ...terms.headersToClient]);
  }

  question({ exchange: { request, forwarded }, left, content }: Asked): ServiceRequest {
    const fields = new Fields();
    const { authorization } = left;
    if (authorization !== undefined) fields.append('authorization', authorization, 'Authorization');
    for (const name of this.#toService) {
      // what an authentication has set or removed counts, not what the client sent
      const value = forwarded.fields.joined(name);
      if (value !== undefined) fields.append(name, value);
    }
    const { service, host } = this.#terms;
    if (host === 'Service') fields.set(hostField, request.authority);
    if (content !== null) fields.append(partialBodyField, String(!content.isWhole));
    return {
      method: request.method === 'CONNECT' ? 'GET' : request.method,
      path: `${service.path}${request.path.startsWith('/') ? request.path : '/'}`,
      query: left.query,
      authority: host === 'Service' ? service.authority : request.authority,
      fields,
      content: content === null ? [] : [content.octets],
    };
  }

  told(): readonly string[] {
    return [];
  }

  decision({ status, fields, content }: Extract<ServiceAnswer, { kind: 'Answered' }>): Decision {
    if (status === 200) return passing({ edits: this.#edits(fields) });
    if (status < 300 || status > 499) throw new UnusableAnswer(String(status));
    const told: [string, string][] = [];
    for (let line = 0; line < fields.size; line += 1) {
      const name = fields.nameAt(line);
      if (this.#toClient?.has(name) !== false) told.push([name, fields.valueAt(line)]);
    }
    const detail = `${this.#policy}: the service answered ${status}`;
    return refusing({ kind: 'DeniedByService', status, fields: answerFieldsOf(told), content, detail });
  }

  #edits(fields: Fields): readonly FieldEdit[] {
    const names = this.#terms.headersToBackend ?? namesIn(fields);
    return [...names].flatMap((name) => {
      const value = fields.joined(name);
      const field = value === undefined ? null : saidField(name, value);
      return field === null ? [] : [{ kind: 'Set' as const, ...field }];
    });
  }
}

/** All that are no word about the service's own answer. */
function namesIn(fields: Fields): readonly string[] {
  return [...fields.names()].filter((name) => !name.startsWith('content-') && !ofAnswer.has(name));
}

const ofAnswer: ReadonlySet<string> = new Set([
  'cache-control',
  'date',
  'etag',
  'server',
  'set-cookie',
  'vary',
]);

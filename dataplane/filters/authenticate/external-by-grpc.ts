// A service that is asked by gRPC: Envoy's external authorization (envoy.service.auth.v3).
import type { Client, Exchange } from '#dataplane/http/exchange.ts';
import { Fields } from '#dataplane/http/fields.ts';
import { grpcStatusOf, isGrpc } from '#dataplane/http/grpc.ts';
import type { ServiceAnswer, ServiceRequest } from '#dataplane/http/service-call.ts';
import type { ExternalAuthorization } from '#snapshot/external-authorization.ts';
import { certificateFacts } from './certificate-facts.ts';
import {
  decodeCheckResponse,
  encodeCheckRequest,
  type CheckResponse,
  type DeniedResponse,
  type OkResponse,
  type ToldHeader,
  type Unended,
} from './check-message.ts';
import {
  isNotItsToSay,
  passing,
  answerFieldsOf,
  refusing,
  saidField,
  UnusableAnswer,
  type Decision,
  type FieldEdit,
} from './decision.ts';
import type { Asked, AuthorizationProtocol } from './external-authorizer.ts';
import { partialBodyField } from './external-by-http.ts';

const method = '/envoy.service.auth.v3.Authorization/Check';

/** By `append_action`. 0 is also what stands there when nothing was said, which in these messages is to set. */
const editKinds: readonly FieldEdit['kind'][] = ['Set', 'AddIfAbsent', 'Set', 'OverwriteIfExists'];

/** See the proto files. Dynamic metadata, of which nobody here would know what to do, is passed over. */
export class ExternalByGrpc implements AuthorizationProtocol {
  readonly #policy: string;
  readonly #terms: ExternalAuthorization;
  readonly #now: () => number;
  readonly #fields = new Fields();
  readonly #toBackend: ReadonlySet<string> | null;

  /** `now`: milliseconds since 1970. */
  constructor(policy: string, terms: ExternalAuthorization, now: () => number) {
    this.#policy = policy;
    this.#terms = terms;
    this.#now = now;
    this.#toBackend = terms.headersToBackend === null ? null : new Set(terms.headersToBackend);
    this.#fields.append('content-type', 'application/grpc', 'Content-Type');
    this.#fields.append('grpc-timeout', `${terms.service.timeoutMs}m`);
    this.#fields.append('user-agent', 'turnpike', 'User-Agent');
  }

  question(asked: Asked): ServiceRequest {
    const { exchange, left, content } = asked;
    const { request, forwarded, client } = exchange;
    const body = content?.octets ?? null;
    const message = encodeCheckRequest({
      source: client,
      principal: principalOf(client),
      destination: exchange.destination,
      timeMs: this.#now(),
      id: forwarded.fields.get('x-request-id') ?? '',
      method: request.method,
      headers: this.#headers(asked),
      path: left.query === null ? request.path : `${request.path}?${left.query}`,
      host: request.authority,
      scheme: client.secure ? 'https' : 'http',
      size: content?.isWhole === true ? content.octets.length : declaredLength(request.fields),
      protocol: request.protocol,
      body,
      context: this.#terms.context,
      serverName: client.serverName,
    });
    return {
      method: 'POST',
      path: method,
      query: null,
      authority: this.#terms.service.authority,
      fields: this.#fields,
      content: body === null ? [framed(message)] : [framed(message), body],
    };
  }

  /** As they would go on, so that what an authentication has set or removed counts; but for Authorization. */
  #headers({ exchange, left, content }: Asked): [string, string][] {
    const { fields } = exchange.forwarded;
    const names = new Set(this.#terms.headersToService ?? ['authorization', ...fields.names()]);
    names.delete(partialBodyField);
    const headers: [string, string][] = [];
    for (const name of names) {
      const value = name === 'authorization' ? left.authorization : fields.joined(name);
      if (value !== undefined) headers.push([name, value]);
    }
    if (content !== null) headers.push([partialBodyField, String(!content.isWhole)]);
    return headers;
  }

  told({ client: { address, certificate, serverName, secure } }: Exchange): readonly string[] {
    return [address, certificate?.fingerprint ?? '', serverName ?? '', String(secure)];
  }

  decision(answer: Extract<ServiceAnswer, { kind: 'Answered' }>): Decision {
    const { code, denied, ok, isError } = responseIn(answer);
    if (isError) throw new UnusableAnswer('that it has failed');
    if (denied !== null || (code !== null && code !== 0)) return this.#refusal(code ?? 0, denied);
    // what says nothing at all lets nobody pass
    if (code === null && ok === null) throw new UnusableAnswer('nothing');
    return ok === null ? passing() : this.#passing(ok);
  }

  #passing(ok: OkResponse): Decision {
    const edits: FieldEdit[] = [];
    for (const header of ok.headers) {
      const field = saidField(header.name, header.value);
      if (field === null || this.#toBackend?.has(field.name) === false) continue;
      edits.push({ kind: header.appends ? 'Append' : (editKinds[header.action] ?? 'Set'), ...field });
    }
    for (const name of ok.removed.map((one) => one.toLowerCase())) {
      if (!isNotItsToSay(name)) edits.push({ kind: 'Remove', name, line: '' });
    }
    const told = answerFieldsOf(ok.answerHeaders.map(pairOf));
    return passing({
      edits,
      query: [
        ...ok.removedParameters.map((name) => [name, null] as const),
        ...ok.setParameters.filter(([name]) => name !== ''),
      ],
      answerLines: told.flat,
    });
  }

  /** 403 where it names no status, or one that no content can go with. */
  #refusal(code: number, denied: DeniedResponse | null): Decision {
    const wanted = denied?.status ?? 0;
    const status = wanted < 200 || wanted > 599 || withoutContent.has(wanted) ? 403 : wanted;
    const fields = answerFieldsOf(denied?.headers.map(pairOf) ?? []);
    const detail = `${this.#policy}: the service answered ${code}, ${status}`;
    const content = denied?.body ?? nothing;
    return refusing({ kind: 'DeniedByService', status, fields, content, detail });
  }
}

const withoutContent: ReadonlySet<number> = new Set([204, 205, 304]);
const nothing = Buffer.alloc(0);

function pairOf({ name, value }: ToldHeader): readonly [string, string] {
  return [name, value];
}

/** As Envoy tells it: the first URI of the client's certificate, else its first DNS name, else its subject. */
function principalOf({ certificate }: Client): string {
  const facts = certificate === null ? null : certificateFacts(certificate);
  return facts === null ? '' : (facts.names.uri[0] ?? facts.names.dns[0] ?? facts.subject);
}

function declaredLength(fields: Fields): number {
  const length = fields.only('content-length') ?? '';
  return /^[0-9]{1,15}$/u.test(length) ? Number(length) : -1;
}

/** The begin of a message of gRPC: whether it is compressed, its length, itself. */
function framed({ head, more }: Unended): Buffer {
  const frame = Buffer.alloc(frameHeadBytes + head.length);
  frame.writeUInt32BE(head.length + more, 1);
  frame.set(head, frameHeadBytes);
  return frame;
}

const frameHeadBytes = 5;

/** The one message of the call; throws {@link UnusableAnswer} for a call that has failed, and for no call at all. */
function responseIn({
  status,
  fields,
  trailers,
  content,
}: Extract<ServiceAnswer, { kind: 'Answered' }>): CheckResponse {
  if (status !== 200 || !isGrpc(fields.get('content-type'))) throw new UnusableAnswer(`${status}, no gRPC`);
  const code = grpcStatusOf(trailers ?? fields);
  if (code !== 0) throw new UnusableAnswer(`gRPC status ${code ?? 'none'}`);
  const isOne =
    content.length >= frameHeadBytes && content.readUInt32BE(1) === content.length - frameHeadBytes;
  if (!isOne || content[0] !== 0) throw new UnusableAnswer('no one message');
  try {
    return decodeCheckResponse(content.subarray(frameHeadBytes));
  } catch {
    throw new UnusableAnswer('no CheckResponse');
  }
}

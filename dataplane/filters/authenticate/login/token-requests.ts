// What is asked of the provider itself: tokens for a code or a refresh token, and claims. The messages are built and
// checked by oauth4webapi; they travel by the data plane's own clusters.
import * as oauth from 'oauth4webapi';
import type { CalledService } from '#snapshot/called-service.ts';
import { jwtAlgorithms } from '#snapshot/key-set.ts';
import type { LoginProvider, OpenIdConnectAuthentication } from '#snapshot/open-id-connect.ts';
import { Fields } from '#dataplane/http/fields.ts';
import type { CallService } from '../../call-service.ts';
import type { Attempt } from './attempt.ts';

const answerBytesMax = 64 * 1024;

/** Tokens of an answer that is one; whether the ID token is signed is not looked at yet. */
export interface Tokens {
  /** `''`: none, which only a refresh may do. */
  readonly idToken: string;
  readonly accessToken: string;
  /** `''`: none. */
  readonly refreshToken: string;
  /** Null: as they were asked for. */
  readonly scopes: readonly string[] | null;
  /** Null: it did not say how long they are good. */
  readonly lifetimeMs: number | null;
}

/** `Refused`: they are not to be had for that, ever. `Failed`: nobody can tell for now. */
export type Told<T> =
  | { readonly kind: 'Told'; readonly value: T }
  | { readonly kind: 'Refused'; readonly detail: string }
  | { readonly kind: 'Failed'; readonly detail: string };

/** One client at one provider. */
export class TokenRequests {
  readonly #provider: LoginProvider;
  readonly #server: oauth.AuthorizationServer;
  readonly #client: oauth.Client;
  readonly #clientAuth: oauth.ClientAuth;
  readonly #call: CallService;

  /** `now`: milliseconds since 1970. */
  constructor(
    { issuer, client, clockSkewMs }: OpenIdConnectAuthentication,
    provider: LoginProvider,
    { call, now }: { readonly call: CallService; readonly now: () => number },
  ) {
    this.#provider = provider;
    this.#call = call;
    this.#server = {
      issuer,
      token_endpoint: urlOf(provider.token),
      ...(provider.userinfo === null ? {} : { userinfo_endpoint: urlOf(provider.userinfo) }),
      authorization_response_iss_parameter_supported: provider.tellsIssuer,
      // which of them is right is what the key says
      id_token_signing_alg_values_supported: [...jwtAlgorithms, 'Ed25519'],
    };
    this.#client = {
      client_id: client.id,
      get [oauth.clockSkew]() {
        return Math.round((now() - Date.now()) / 1000);
      },
      [oauth.clockTolerance]: Math.ceil(clockSkewMs / 1000),
    };
    this.#clientAuth = authenticationOf(client);
  }

  /**
   * The answer that a browser brought from the provider, checked: state, issuer (RFC 9207), and that it is of the code
   * flow and says each thing once.
   */
  answered(parameters: URLSearchParams, { state }: Attempt): Told<URLSearchParams> {
    try {
      return told(oauth.validateAuthResponse(this.#server, this.#client, parameters, state));
    } catch (error) {
      return refusalBy(error);
    }
  }

  /** The tokens for what {@link answered} gave. */
  redeem(checked: URLSearchParams, { redirectUri, verifier, nonce }: Attempt): Promise<Told<Tokens>> {
    return this.#asked(async () => {
      const response = await oauth.authorizationCodeGrantRequest(
        this.#server,
        this.#client,
        this.#clientAuth,
        checked,
        redirectUri,
        verifier,
        this.#by(this.#provider.token),
      );
      const wanted = { expectedNonce: nonce, requireIdToken: true };
      return tokensOf(
        await oauth.processAuthorizationCodeResponse(this.#server, this.#client, response, wanted),
      );
    });
  }

  /** New tokens. */
  refresh(refreshToken: string): Promise<Told<Tokens>> {
    return this.#asked(async () => {
      const response = await oauth.refreshTokenGrantRequest(
        this.#server,
        this.#client,
        this.#clientAuth,
        refreshToken,
        this.#by(this.#provider.token),
      );
      return tokensOf(await oauth.processRefreshTokenResponse(this.#server, this.#client, response));
    });
  }

  /** What the provider says of `subject`, as JSON. */
  userinfo(accessToken: string, subject: string): Promise<Told<string>> {
    const { userinfo } = this.#provider;
    if (userinfo === null) return Promise.resolve({ kind: 'Failed', detail: 'it has no userinfo endpoint' });
    return this.#asked(async () => {
      const response = await oauth.userInfoRequest(
        this.#server,
        this.#client,
        accessToken,
        this.#by(userinfo),
      );
      return JSON.stringify(
        await oauth.processUserInfoResponse(this.#server, this.#client, subject, response),
      );
    });
  }

  async #asked<T>(ask: () => Promise<T>): Promise<Told<T>> {
    try {
      return told(await ask());
    } catch (error) {
      return refusalBy(error);
    }
  }

  #by(service: CalledService) {
    const fetch = async (
      _url: string,
      options: { readonly method: string; readonly headers: object; readonly body?: unknown },
    ) => this.#fetched(service, options);
    // How it travels is for the cluster to say.
    return { [oauth.customFetch]: fetch, [oauth.allowInsecureRequests]: true };
  }

  async #fetched(
    service: CalledService,
    { method, headers, body }: { readonly method: string; readonly headers: object; readonly body?: unknown },
  ): Promise<Response> {
    const { cluster, authority, path, timeoutMs } = service;
    const fields = new Fields();
    for (const [name, value] of Object.entries(headers)) fields.append(name.toLowerCase(), String(value));
    const content = body instanceof URLSearchParams ? [Buffer.from(body.toString())] : null;
    const request = { method, path, query: null, authority, fields, content };
    const answer = await this.#call(cluster, request, { timeoutMs, answerBytesMax });
    if (answer.kind !== 'Answered') throw new ProviderFailure(answer.detail);
    if (answer.status < 200 || answer.status > 499) throw new ProviderFailure(`it answered ${answer.status}`);
    const lines = Array.from({ length: answer.fields.size }, (_, line): [string, string] => [
      answer.fields.nameAt(line),
      answer.fields.valueAt(line),
    ]);
    const told = answer.content.length === 0 ? null : new Uint8Array(answer.content);
    return new Response(told, { status: answer.status, headers: lines });
  }
}

/** It could not be asked, or is not well. */
class ProviderFailure extends Error {}

function urlOf({ authority, path }: CalledService): string {
  return `https://${authority}${path}`;
}

function authenticationOf({ secret, method }: OpenIdConnectAuthentication['client']): oauth.ClientAuth {
  if (secret === null) return oauth.None();
  return method === 'Post'
    ? oauth.ClientSecretPost(secret.reveal())
    : oauth.ClientSecretBasic(secret.reveal());
}

function told<T>(value: T): Told<T> {
  return { kind: 'Told', value };
}

function tokensOf(answer: oauth.TokenEndpointResponse): Tokens {
  const { id_token: idToken = '', access_token: accessToken, refresh_token: refreshToken = '' } = answer;
  const scopes = answer.scope?.split(' ').filter((word) => word !== '') ?? null;
  const lifetimeMs = answer.expires_in === undefined ? null : answer.expires_in * 1000;
  return { idToken, accessToken, refreshToken, scopes, lifetimeMs };
}

/** Only words of our own and codes get into the log: what else errors hold may be a token. */
function refusalBy(error: unknown): { readonly kind: 'Refused' | 'Failed'; readonly detail: string } {
  if (error instanceof ProviderFailure) return { kind: 'Failed', detail: `the provider: ${error.message}` };
  if (error instanceof oauth.AuthorizationResponseError) {
    const isBusy = error.error === 'temporarily_unavailable' || error.error === 'server_error';
    return { kind: isBusy ? 'Failed' : 'Refused', detail: `the provider says ${codeOf(error.error)}` };
  }
  if (error instanceof oauth.ResponseBodyError) {
    const detail = `the provider says ${codeOf(error.error)}`;
    return { kind: error.error === 'invalid_grant' ? 'Refused' : 'Failed', detail };
  }
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    return { kind: 'Failed', detail: `the provider does not let the gateway in (${error.status})` };
  }
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) {
    return { kind: 'Refused', detail: `what came of the provider is no good: ${error.message}` };
  }
  return { kind: 'Refused', detail: 'what came of the provider cannot be read' };
}

function codeOf(error: string): string {
  return error.replaceAll(/[^\w.-]/gu, '').slice(0, 64);
}

// A real OpenID provider (npm oidc-provider) on loopback, whose users log in by a plain form.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import type { ClientMetadata, Configuration, KoaContextWithOIDC } from 'oidc-provider';
import { createAuthorityCertificate, createServerCertificate } from '#controller/authority/certificate.ts';
import { OpenidMemory } from './openid-memory.ts';

/** `Down` cuts every connection, `Failing` answers 503, `Silent` answers nothing at all. */
export type ProviderState = 'Up' | 'Down' | 'Failing' | 'Silent';

/** The client that the provider knows; who is to log in by it. */
export interface ProviderClient {
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[];
  readonly backChannelLogoutUri?: string;
  /** A public client has no secret; both must use PKCE. */
  readonly public?: true;
}

export interface ProviderChoices extends ProviderClient {
  /** 300 unless told. */
  readonly accessTokenSeconds?: number;
  /** `https` with a certificate for 127.0.0.1 and localhost; `http` unless told. */
  readonly scheme?: 'https';
  /** Where it listens and is reached; 127.0.0.1 unless told. */
  readonly address?: string;
  /** Claims by user, beside `sub` (which is the user's name); `ada` and `bob` unless told. */
  readonly users?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface GivenOpenidProvider extends AsyncDisposable {
  /** Such as `http://127.0.0.1:40001`, without a slash at its end. */
  readonly issuer: string;
  readonly port: number;
  readonly clientId: string;
  /** Null when the client is public. */
  readonly clientSecret: string | null;
  /** What clients trust where the scheme is https, PEM. */
  readonly ca: string | null;
  /** Where a browser ends its session here: a page with one button. */
  readonly endSession: string;
  state: ProviderState;
  /** Of one thing that is asked for, as in `POST /token`; what is not in it is as `state` says. */
  readonly states: Map<string, ProviderState>;
  /** How often it was asked for it, as in `POST /token`; queries do not count. */
  asked(what: string): number;
  /** Forgets every token and code it has given out; browsers stay logged in. */
  revokeAll(): void;
  /** All that it has told a back-channel: `null` when it was taken, else why not. */
  readonly backChannel: readonly (string | null)[];
}

/** The password of every user. */
export const password = 'correct horse';

const clientId = 'shop';
const usual = {
  ada: { name: 'Ada Lovelace', email: 'ada@example.com', groups: ['staff', 'admins'] },
  bob: { name: 'Bob', email: 'bob@example.com', groups: ['guests'] },
};

/**
 * Starts it on an ephemeral port of loopback. Tokens are signed by RS256, users have consented to all scopes (`openid email
 * profile groups offline_access`), each authorization gives a refresh token that is good once, and a refresh token that is
 * used again revokes all that came of the login (RFC 9700, 4.14.2).
 */
export async function givenOpenidProvider(choices: ProviderChoices): Promise<GivenOpenidProvider> {
  const users: NonNullable<ProviderChoices['users']> = choices.users ?? usual;
  const tls = choices.scheme === 'https' ? await serverTls() : null;
  const server = tls === null ? http.createServer() : https.createServer(tls);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const { address = '127.0.0.1' } = choices;
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const issuer = `${tls === null ? 'http' : 'https'}://${address}:${port}`;
  const clientSecret = choices.public === true ? null : randomBytes(24).toString('base64url');
  const memory = new OpenidMemory();
  const provider = new Provider(issuer, await configurationOf(choices, { clientSecret, users, memory }));
  const backChannel: (string | null)[] = [];
  provider.on('backchannel.success', () => backChannel.push(null));
  provider.on('backchannel.error', (_, error: Error) => backChannel.push(error.message));

  const asked = new Map<string, number>();
  const answer = provider.callback();
  const given: GivenOpenidProvider = {
    issuer,
    port,
    clientId,
    clientSecret,
    ca: tls?.ca ?? null,
    endSession: `${issuer}/session/end`,
    state: 'Up',
    states: new Map(),
    asked: (what) => asked.get(what) ?? 0,
    revokeAll: () => memory.revokeAll(),
    backChannel,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const [path = ''] = (request.url ?? '').split('?');
    const what = `${request.method} ${path}`;
    asked.set(what, (asked.get(what) ?? 0) + 1);
    const state = given.states.get(what) ?? given.state;
    if (state === 'Down') request.socket.destroy();
    else if (state === 'Failing') response.writeHead(503).end();
    else if (state === 'Silent') request.resume();
    else if (path.startsWith('/login/')) void logIn(provider, users, request, response);
    else void answer(request, response);
  });
  return given;
}

interface Parts {
  readonly clientSecret: string | null;
  readonly users: NonNullable<ProviderChoices['users']>;
  readonly memory: OpenidMemory;
}

async function configurationOf(
  { accessTokenSeconds = 300, ...client }: ProviderChoices,
  { clientSecret, users, memory }: Parts,
): Promise<Configuration> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return {
    adapter: (name) => memory.adapter(name),
    clients: [metadata(client, clientSecret)],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'first', alg: 'RS256', use: 'sig' }] },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    scopes: ['openid', 'offline_access'],
    claims: { openid: ['sub'], email: ['email'], profile: ['name'], groups: ['groups'] },
    // What a scope asks for stands in the id token, as most providers do it.
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: askWhetherToLogOut,
        postLogoutSuccessSource: sayLoggedOut,
      },
    },
    ttl: {
      AccessToken: accessTokenSeconds,
      IdToken: 300,
      AuthorizationCode: 60,
      RefreshToken: 3600,
      Session: 3600,
      Grant: 3600,
      Interaction: 600,
    },
    pkce: { required: () => true },
    issueRefreshToken: (_, { grantTypes }) => grantTypes?.includes('refresh_token') ?? false,
    rotateRefreshToken: true,
    interactions: { url: (_, { uid }) => `/login/${uid}` },
    loadExistingGrant: consented,
    findAccount: (_, accountId) => {
      const claims = users[accountId];
      return claims && { accountId, claims: () => ({ sub: accountId, ...claims }) };
    },
    renderError(context, { error, error_description: why }) {
      context.body = `${error}: ${why ?? ''}`;
    },
    // Its own fetch refuses to call loopback.
    fetch(url, options = {}) {
      const { method = 'GET', headers, body = null, signal = null } = options;
      return fetch(url, { method, ...(headers && { headers }), body, signal });
    },
  };
}

function metadata(client: ProviderClient, secret: string | null): ClientMetadata {
  const authentication =
    secret === null
      ? ({ token_endpoint_auth_method: 'none' } as const)
      : { client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' as const };
  return {
    client_id: clientId,
    ...authentication,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...(client.postLogoutRedirectUris ?? [])],
    ...(client.backChannelLogoutUri !== undefined && {
      backchannel_logout_uri: client.backChannelLogoutUri,
      backchannel_logout_session_required: true,
    }),
  };
}

/** Who has logged in has consented: nobody is asked. */
async function consented({ oidc }: KoaContextWithOIDC) {
  const { client, session, provider } = oidc;
  const id = client && session?.grantIdFor(client.clientId);
  const known = id === undefined ? undefined : await provider.Grant.find(id);
  const grant = known ?? new provider.Grant({ clientId: client?.clientId, accountId: session?.accountId });
  grant.addOIDCScope('openid email profile groups offline_access');
  await grant.save();
  return grant;
}

const page = (title: string, body: string): string =>
  `<!doctype html><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,">${body}`;

async function logIn(
  provider: Provider,
  users: NonNullable<ProviderChoices['users']>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const filled = new URLSearchParams(request.method === 'POST' ? await text(request) : '');
  const user = filled.get('user') ?? '';
  if (Object.hasOwn(users, user) && filled.get('password') === password) {
    await provider.interactionFinished(request, response, { login: { accountId: user } });
    return;
  }
  const word = filled.size > 0 ? '<p id="refused">No such user, or not the password.' : '';
  const inputs = '<input name="user"><input name="password" type="password"><button>Log in</button>';
  response.setHeader('content-type', 'text/html');
  response.end(page('Log in', `${word}<form method="post">${inputs}</form>`));
}

function askWhetherToLogOut(context: KoaContextWithOIDC, form: string): void {
  const button = '<button form="op.logoutForm" name="logout" value="yes">Log out</button>';
  context.body = page('Log out?', `${form}${button}`);
}

function sayLoggedOut(context: KoaContextWithOIDC): void {
  context.body = page('Logged out', '');
}

async function serverTls(): Promise<{ readonly ca: string; readonly cert: string; readonly key: string }> {
  const validity = { fromMs: Date.now() - 60_000, untilMs: Date.now() + 3_600_000 };
  const authority = await createAuthorityCertificate('provider authority', validity);
  const names = ['127.0.0.1', 'localhost'];
  const { certificate, key } = await createServerCertificate(authority, names, validity);
  return { ca: authority.certificate, cert: certificate, key: key.reveal() };
}

import type { Authentication } from '#crds/auth-policy.ts';
import { durationMs } from '#crds/fields.ts';
import type { OpenIdConnectAuthentication } from '#crds/open-id-connect-authentication.ts';
import type { LoginClient } from '#snapshot/open-id-connect.ts';
import { Secret } from '#snapshot/secret.ts';
import type { Read } from '../../memo.ts';
import { clientSecret } from './client-secret.ts';
import { loginProvider } from './login-provider.ts';
import { toldHeaders } from './told-headers.ts';
import type { FoundWay, UnresolvedWay, WayPlace } from './way.ts';

/** The way in at `at` by a login in the browser. */
export function openIdConnectWay(
  read: Read,
  at: WayPlace,
  { name, openIDConnect: told }: Extract<Authentication, { type: 'OpenIDConnect' }>,
): FoundWay | UnresolvedWay {
  const { policy } = at;
  const field = `${at.field}.openIDConnect`;
  const client = clientOf(read, { policy, field: `${field}.client.secretRef` }, told.client);
  if ('kind' in client) {
    return client;
  }
  const found = loginProvider(read, { policy, field }, name, told);
  if (found.kind === 'Unresolved') {
    return found;
  }
  const { keySet, remote, provider } = found;
  return {
    kind: 'Found',
    way: {
      kind: 'OpenIDConnect',
      name,
      issuer: told.issuer,
      client,
      scopes: [...new Set(['openid', ...told.scopes])],
      keySet: keySet.id,
      provider,
      redirectPath: told.redirectPath,
      logoutPath: told.logoutPath,
      backChannelPath: told.backChannelLogoutPath ?? '',
      afterLogout: told.afterLogoutPath,
      scheme: told.scheme === undefined ? null : told.scheme === 'HTTPS' ? 'https' : 'http',
      sessionMs: durationMs(told.sessionLifetime),
      clockSkewMs: durationMs(told.clockSkew),
      userinfo: told.userinfo,
      groupsClaim: told.groupsClaim,
      forwardAccessToken: told.forwardAccessToken,
      claimsToHeaders: toldHeaders(told.claimsToHeaders),
    },
    resources: [keySet, ...found.clusters],
    sources: found.sources,
    remoteKeys: remote === null ? [] : [remote],
    pending: found.pending,
  };
}

function clientOf(
  read: Read,
  at: WayPlace,
  { id, method, secretRef }: OpenIdConnectAuthentication['client'],
): LoginClient | UnresolvedWay {
  if (secretRef === undefined) {
    return { id, method, secret: null };
  }
  const secret = clientSecret(read, at, secretRef);
  return secret instanceof Secret ? { id, method, secret } : secret;
}

import type { ClaimToHeader } from './authentication.ts';
import { calledServiceShape } from './called-service.ts';
import { millis, pathText } from './field-shapes.ts';
import type {
  LoginClient,
  LoginProvider,
  LoginSecret,
  OpenIdConnectAuthentication,
} from './open-id-connect.ts';
import * as shape from './shape.ts';
import { type Shape, object } from './shape.ts';

const client: Shape<LoginClient> = object({
  id: shape.text,
  secret: shape.nullable(shape.secret(shape.text)),
  method: shape.oneOf('Basic', 'Post'),
});

const provider: Shape<LoginProvider> = object({
  authorizationEndpoint: pathText,
  endSessionEndpoint: pathText,
  token: calledServiceShape,
  userinfo: shape.nullable(calledServiceShape),
  tellsIssuer: shape.flag,
});

/** Reads an {@link OpenIdConnectAuthentication} whose claims to headers others read too. */
export function openIdConnectShape(
  claimsToHeaders: Shape<readonly ClaimToHeader[]>,
): Shape<OpenIdConnectAuthentication> {
  return object({
    kind: shape.oneOf('OpenIDConnect'),
    name: shape.text,
    issuer: shape.text,
    client,
    scopes: shape.list(shape.text),
    keySet: shape.idOf('KeySet'),
    provider: shape.nullable(provider),
    redirectPath: pathText,
    logoutPath: pathText,
    backChannelPath: pathText,
    afterLogout: pathText,
    scheme: shape.nullable(shape.oneOf('http', 'https')),
    sessionMs: millis,
    clockSkewMs: millis,
    userinfo: shape.flag,
    groupsClaim: shape.text,
    forwardAccessToken: shape.flag,
    claimsToHeaders,
  });
}

/** Reads a {@link LoginSecret}. */
export const loginSecretShape: Shape<LoginSecret> = object({
  kind: shape.oneOf('LoginSecret'),
  id: shape.idOf('LoginSecret'),
  secret: shape.secret(shape.text),
  previous: shape.secret(shape.text),
  next: shape.secret(shape.text),
});

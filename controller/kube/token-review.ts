import { isRecord } from '#crds/record.ts';
import { KubeError } from './kube-error.ts';
import type { KubeClient } from './kube-client.ts';

/** Whose ServiceAccount token it is, or why it is nobody's. `expiresAtMs`: since 1970. */
export type ReviewedToken =
  | {
      readonly ok: true;
      readonly namespace: string;
      readonly serviceAccount: string;
      readonly expiresAtMs: number;
    }
  | { readonly ok: false; readonly reason: string };

const tokenLengthMax = 16 * 1024;

/**
 * Asks the API server whose token this is, provided that it was made for `audience`.
 * @throws {KubeError} when the server cannot tell.
 */
export async function reviewToken(
  client: KubeClient,
  token: string,
  audience: string,
): Promise<ReviewedToken> {
  if (token.length > tokenLengthMax) {
    return { ok: false, reason: 'the token is too long' };
  }
  const answer = await client.request({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: [audience] },
    },
    deadlineMs: 5_000,
  });
  const status = isRecord(answer) ? answer['status'] : null;
  if (!isRecord(status)) {
    throw new KubeError('Malformed', 'the answer to a TokenReview has no status');
  }
  return identityOf(status, token, audience);
}

function identityOf(
  status: Readonly<Record<string, unknown>>,
  token: string,
  audience: string,
): ReviewedToken {
  const { authenticated, audiences, user } = status;
  if (authenticated !== true) {
    return { ok: false, reason: 'the API server does not know the token, or not for this audience' };
  }
  // A server that does not know audiences would take any token.
  if (!Array.isArray(audiences) || !audiences.includes(audience)) {
    return { ok: false, reason: `the token is not for the audience ${audience}` };
  }
  const username = isRecord(user) && typeof user['username'] === 'string' ? user['username'] : '';
  const parts = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(username);
  const expiresAtMs = expiryOf(token);
  if (parts === null || expiresAtMs === null) {
    return { ok: false, reason: 'the token is not one of a ServiceAccount that expires' };
  }
  return Object.freeze({ ok: true, namespace: parts[1] ?? '', serviceAccount: parts[2] ?? '', expiresAtMs });
}

/** The `exp` of a token that the API server has just verified, in milliseconds. */
function expiryOf(token: string): number | null {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as unknown;
    return isRecord(claims) && typeof claims['exp'] === 'number' ? claims['exp'] * 1000 : null;
  } catch {
    return null;
  }
}

import { SessionSeal } from '#dataplane/upstream/sessions/session-seal.ts';
import { Sessions } from '#dataplane/upstream/sessions/sessions.ts';
import { Secret } from '#snapshot/secret.ts';
import { aBackend, aForward, aRule } from './runtime.ts';
import type { Rule } from '#dataplane/runtime.ts';
import type { UpstreamCluster } from '#dataplane/upstream/cluster.ts';
import type { Persistence } from '#snapshot/sessions.ts';

/** A cookie of the browser's session, for all paths, without end. */
export const byCookie: Persistence = {
  carrier: { kind: 'Cookie', name: 'at', path: '/', lifetime: 'Session' },
  absoluteMs: 0,
  idleMs: 0,
};

export const byHeader: Persistence = { ...byCookie, carrier: { kind: 'Header', name: 'x-session' } };

/** How sessions are kept; with the same secret and scope those of one data plane go on in another. */
export interface SessionChoices {
  readonly persistence?: Persistence;
  readonly secret?: string;
  readonly scope?: string;
  readonly nowS?: () => number;
}

/** A rule that forwards everything to `cluster` and keeps sessions. */
export function aRuleWithSessions(
  cluster: UpstreamCluster,
  { persistence = byCookie, secret = 'secret', scope = 'rule', nowS = () => 1_000 }: SessionChoices = {},
  more: Parameters<typeof aForward>[1] = {},
): Rule {
  const backend = aBackend(cluster);
  const seal = new SessionSeal(new Secret(secret), null);
  const sessions = new Sessions({ persistence, scope, seal, backends: [backend], nowS });
  return aRule(cluster, { action: { ...aForward(backend, more), sessions } as Rule['action'] });
}

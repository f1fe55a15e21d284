// A filter, a clock to move, and the key look-ups it asked for.
import {
  createAuthenticating,
  type Authenticating,
  type AuthenticatingLimits,
} from '#dataplane/filters/authenticate/authenticating.ts';
import { GuessCounters } from '#dataplane/filters/rate-limit/guess-counters.ts';
import type { CallService } from '#dataplane/filters/call-service.ts';
import { noSharedMemory, type SharedMemory } from '#dataplane/filters/shared-memory.ts';
import type { Exchange, RequestFilter, Verdict } from '#dataplane/http/exchange.ts';
import { fieldLine } from '#dataplane/http/fields.ts';
import type { Authentication } from '#snapshot/authentication.ts';
import type { KeySet } from '#snapshot/key-set.ts';
import { givenExchange, givenRequest } from '#test/given/request.ts';
import { nowMs } from '#test/given/token.ts';

export interface Gate {
  readonly authenticating: Authenticating;
  readonly missing: string[];
  /** Addresses that were blocked for bad credentials. */
  readonly blocked: string[];
  /** How answers wait that are to come late; not at all unless told. */
  wait: () => Promise<void>;
  clock: number;
  filter(authentication: Authentication, ...keySets: readonly KeySet[]): RequestFilter;
}

/** `call`: by which services are asked; none answers unless told otherwise. `memory`: with other gates. */
export function gate(
  limits: Partial<AuthenticatingLimits> = {},
  call: CallService = unanswered,
  memory: SharedMemory = noSharedMemory,
): Gate {
  const missing: string[] = [];
  const blocked: string[] = [];
  const made: Gate = {
    missing,
    blocked,
    wait: () => Promise.resolve(),
    clock: nowMs,
    authenticating: createAuthenticating({
      now: () => made.clock,
      onMissingKey: (keySet, kid) => missing.push(`${keySet} ${kid}`),
      limitsOfPlan: (name) => ({ kind: `Plan ${name}`, apply: () => null }),
      guards: new GuessCounters({
        onBlock: ({ client }) => void blocked.push(client),
        wait: () => made.wait(),
      }),
      call,
      memory,
      limits,
    }),
    filter: (authentication, ...keySets) => made.authenticating.filterFor(authentication, keySets).filter,
  };
  return made;
}

const unanswered: CallService = () => Promise.resolve({ kind: 'Failed', detail: 'nobody is there' });

/** An exchange with these field lines, also such as no listener lets in: the filter must not rely on that. */
export function carrying(...fields: readonly (readonly [string, string])[]): Exchange {
  const request = givenRequest();
  for (const [name, value] of fields) request.fields.appendLine(name.toLowerCase(), fieldLine(name, value));
  return givenExchange(request);
}

export function bearing(token: string): Exchange {
  return carrying(['Authorization', `Bearer ${token}`]);
}

/** `pass`, or what the refusal is. */
export async function verdictOf(filter: RequestFilter, exchange: Exchange): Promise<string> {
  return told(await filter.apply(exchange));
}

export function told(verdict: Verdict): string {
  if (verdict === null) return 'pass';
  return verdict.kind === 'Unauthenticated' ? verdict.error : verdict.kind;
}

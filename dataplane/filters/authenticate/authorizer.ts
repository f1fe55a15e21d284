// May they do this? Asked once it is known who calls, also of nobody where that is allowed.
import { compileExpression, type Expression } from '#cel/expression.ts';
import type { RequestSubject } from '#cel/request-variables.ts';
import type { Variables } from '#cel/variables.ts';
import { nobody, type Exchange, type Identity } from '#dataplane/http/exchange.ts';
import type { Failure } from '#dataplane/http/failure.ts';
import { networks } from '#dataplane/http/networks.ts';
import type { AuthorizationEntry, RequiredClaim } from '#snapshot/authorization.ts';
import { claimAt } from './claims.ts';
import type { RefusalCount } from './refusal-counts.ts';

/** What all authorizers of a data plane share. */
export interface AuthorizerSurroundings {
  readonly variables: Variables<RequestSubject>;
  /** Where the refusals of an entry are counted. */
  readonly countOf: (policy: string, entry: string, mode: AuthorizationEntry['mode']) => RefusalCount;
}

/**
 * Asks the entries of one policy. Hot path: the parts of an entry in the order of what they cost, no allocation but
 * for a request that is refused.
 */
export class Authorizer {
  readonly #policy: string;
  readonly #entries: readonly CompiledEntry[];

  /** An expression that cannot be compiled (the translation lets none through) denies every request. */
  constructor(policy: string, entries: readonly AuthorizationEntry[], around: AuthorizerSurroundings) {
    this.#policy = policy;
    this.#entries = entries.map((entry) => ({
      entry,
      parts: partsOf(entry, around.variables),
      count: around.countOf(policy, entry.name, entry.mode),
    }));
  }

  /** Why the request is refused; null where all entries hold. Tells the exchange what Shadow would have refused. */
  verdict(exchange: Exchange): Failure | null {
    const identity = exchange.identity ?? nobody;
    for (const { entry, parts, count } of this.#entries) {
      for (const part of parts) {
        const lack = part(exchange, identity);
        if (lack === null) continue;
        count.refused += 1;
        const detail = `${this.#policy}: ${entry.name}: ${lack.detail}`;
        if (entry.mode === 'Enforce') return { kind: 'Forbidden', challenge: lack.challenge, detail };
        exchange.shadowed ??= detail;
        break;
      }
    }
    return null;
  }
}

interface CompiledEntry {
  readonly entry: AuthorizationEntry;
  readonly parts: readonly Part[];
  readonly count: RefusalCount;
}

/** What a part of an entry finds lacking. */
interface Lack {
  readonly detail: string;
  readonly challenge: string | null;
}

type Part = (exchange: Exchange, identity: Identity) => Lack | null;

function partsOf(entry: AuthorizationEntry, variables: Variables<RequestSubject>): readonly Part[] {
  const { methods, allow, deny, scopes, groups, claims, when } = entry;
  return [
    methods.length === 0 ? null : methodPart(methods),
    deny.length === 0 ? null : addressPart(deny, false),
    allow.length === 0 ? null : addressPart(allow, true),
    scopes.length === 0 ? null : scopePart(scopes),
    groups.length === 0 ? null : groupPart(groups),
    ...claims.map(claimPart),
    when === null ? null : expressionPart(when, variables),
  ].filter((part) => part !== null);
}

function lackOf(detail: string, challenge: string | null = null): Lack {
  return Object.freeze({ detail, challenge });
}

function methodPart(methods: readonly string[]): Part {
  const lack = lackOf('the method is none of those told');
  return ({ request }) => (methods.includes(request.method) ? null : lack);
}

function addressPart(all: readonly string[], wanted: boolean): Part {
  const lack = lackOf(wanted ? 'the address is in no network allowed' : 'the address is in a network denied');
  const isIn = networksIn(all);
  if (isIn === null) return () => unreadable;
  return ({ client }) => (isIn(client.address) === wanted ? null : lack);
}

const unreadable = lackOf('a network that cannot be read');

/** Null where one cannot be read; the translation lets none through. */
function networksIn(all: readonly string[]): ((address: string) => boolean) | null {
  try {
    return networks(all);
  } catch {
    return null;
  }
}

/** RFC 6750 section 3.1: the client is told which scopes would do. */
function scopePart(scopes: readonly string[]): Part {
  const challenge = `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`;
  const lack = lackOf('a scope is missing', challenge);
  return (_, identity) => (scopes.every((scope) => identity.scopes.includes(scope)) ? null : lack);
}

function groupPart(groups: readonly string[]): Part {
  const lack = lackOf('in none of the groups told');
  return (_, identity) => (groups.some((group) => identity.groups.includes(group)) ? null : lack);
}

function claimPart({ claim, values }: RequiredClaim): Part {
  const lack = lackOf(`the claim ${claim} has none of the values told`);
  const has = (value: unknown): boolean => {
    if (typeof value === 'string') return values.includes(value);
    return (
      (typeof value === 'number' || typeof value === 'boolean') && values.includes(JSON.stringify(value))
    );
  };
  return (_, identity) => {
    const value = claimAt(identity.claims, claim);
    return (Array.isArray(value) ? value.some(has) : has(value)) ? null : lack;
  };
}

function expressionPart(text: string, variables: Variables<RequestSubject>): Part {
  const compiled = compileExpression(text, { variables, result: 'bool' });
  if (!compiled.ok) {
    const lack = lackOf(`when cannot be compiled: ${compiled.problem.message}`);
    return () => lack;
  }
  return whenPart(compiled.expression);
}

function whenPart(expression: Expression<RequestSubject, boolean>): Part {
  const lack = lackOf('when does not hold');
  return (exchange) => {
    const evaluated = expression.evaluate(exchange);
    if (!evaluated.ok) return lackOf(`when failed: ${evaluated.detail}`);
    return evaluated.value ? null : lack;
  };
}

// Requests to ask expressions about.
import type { RequestSubject } from '#cel/request-variables.ts';
import { compileExpression, type Evaluated } from '#cel/expression.ts';
import { requestVariables } from '#cel/request-variables.ts';
import { nobody } from '#dataplane/http/exchange.ts';
import { Fields } from '#dataplane/http/fields.ts';
import assert from 'node:assert/strict';

/** The variables of requests at noon of a Wednesday, 1 July 2026, UTC. */
export const variables = requestVariables(() => Date.UTC(2026, 6, 1, 12));

export interface GivenSubject {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly address?: string;
  readonly certificate?: RequestSubject['client']['certificate'];
  readonly identity?: Partial<NonNullable<RequestSubject['identity']>>;
}

/** A request; of nobody unless told. */
export function aSubject(given: GivenSubject = {}): RequestSubject {
  const [path = '/', query = null] = (given.target ?? '/').split('?');
  const fields = new Fields();
  for (const [name, values] of Object.entries(given.headers ?? {})) {
    for (const value of [values].flat()) fields.append(name, value);
  }
  const forwarded = new Fields();
  forwarded.append('x-request-id', 'r-1');
  return {
    request: { method: given.method ?? 'GET', path, query, host: 'api.example.com', fields },
    forwarded: { fields: forwarded },
    client: {
      address: given.address ?? '192.0.2.7',
      port: 40_000,
      serverName: 'api.example.com',
      secure: true,
      tlsVersion: '1.3',
      certificate: given.certificate ?? null,
    },
    rule: { route: 'HTTPRoute/shop/orders', name: 'writes' },
    identity: given.identity === undefined ? null : { ...nobody, ...given.identity },
  };
}

/** What `text` comes to; fails where it is no expression. */
export function ask(text: string, subject: RequestSubject = aSubject()): Evaluated<boolean> {
  const compiled = compileExpression(text, { variables, result: 'bool' });
  assert.ok(compiled.ok, compiled.ok ? '' : `${text}: ${JSON.stringify(compiled.problem)}`);
  return compiled.expression.evaluate(subject);
}

/** What keeps `text` from being an expression: `column 5: ...`. */
export function problemOf(text: string): string {
  const compiled = compileExpression(text, { variables, result: 'bool' });
  assert.ok(!compiled.ok, `${text} is an expression`);
  return `${String(compiled.problem.line)}:${String(compiled.problem.column)} ${compiled.problem.message}`;
}

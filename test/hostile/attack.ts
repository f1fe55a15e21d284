// What every hostile case shares: a gateway, a backend that records, and the oracle that must hold of any octets.
import assert from 'node:assert/strict';
import { converse } from '../given/raw-client.ts';
import { givenDataPlane } from '../given/data-plane.ts';
import { aRawBackend } from '../given/raw-backend.ts';
import type { DataPlaneChoices } from '../given/data-plane.ts';
import type { Respond, SeenRequest } from '../given/raw-backend.ts';
import type { Conversation } from '../given/raw-client.ts';
import type { RequestRecord } from '#dataplane/http/observer.ts';

/** What an attack came to. */
export interface Outcome extends Conversation {
  readonly seen: readonly SeenRequest[];
  readonly records: readonly RequestRecord[];
}

export interface AttackChoices extends DataPlaneChoices {
  readonly respond?: Respond;
}

/** Sends `octets` on one connection, waits until the gateway closes it, and checks what must always hold. */
export async function attack(
  octets: string | readonly string[],
  choices: AttackChoices = {},
): Promise<Outcome> {
  await using backend = await aRawBackend(choices.respond);
  using dataPlane = await givenDataPlane([backend.port], choices);
  const conversation = await converse(dataPlane.port, octets);
  const outcome = { ...conversation, seen: backend.seen, records: dataPlane.records };
  checkAlways(outcome, backend.rest());
  return outcome;
}

/** `octets` are refused by `status` at once: one answer, a closed connection, nothing at the backend. */
export async function refuses(octets: string | readonly string[], status: number): Promise<void> {
  const outcome = await attack(octets);
  assert.deepEqual(
    outcome.answers.map((answer) => answer.status),
    [status],
  );
  assert.ok(outcome.closed, 'the connection stays open');
  assert.match(outcome.answers[0]?.head ?? '', /^connection: close$/imu);
  assert.deepEqual(
    outcome.seen.map((request) => request.requestLine),
    [],
  );
}

function checkAlways(outcome: Outcome, restAtBackend: string): void {
  const finals = outcome.answers.filter((answer) => answer.status >= 200).length;
  assert.ok(
    outcome.seen.length <= finals,
    `${outcome.seen.length} requests at the backend, ${finals} answers`,
  );
  assert.equal(restAtBackend, '', 'octets at the backend that are no request');
  for (const { requestLine, head } of outcome.seen) {
    const record = outcome.records.find((each) => requestLine.startsWith(`${each.method} ${each.path}`));
    assert.ok(record, `the backend saw "${requestLine}", which the gateway decided nothing about`);
    for (const line of head.split('\r\n').slice(1)) {
      assert.match(line, /^[!#$%&'*+\-.^`|~0-9A-Za-z]+: [\t\u0020-\u007e\u0080-\u00ff]*$/u);
    }
  }
}

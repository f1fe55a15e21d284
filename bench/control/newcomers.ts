// One more route, again and again: how long from the API server's answer to the first 200, and what is answered until then.
import { setTimeout as pause } from 'node:timers/promises';
import { ClientConnection } from '#e2e/turnpike/client.ts';
import { httpRoute } from '#e2e/turnpike/objects.ts';
import { create } from './api.ts';
import type { Subject } from './subject.ts';

export interface Newcomers {
  readonly timesMs: readonly number[];
  /** Answers that were neither 404 nor the 200 at the end, by status. */
  readonly wrong: Readonly<Record<string, number>>;
}

const deadlineMs = 10_000;
/** Who asks without a rest takes the processor from those who are to answer. */
const everyMs = 1;

/** Creates `count` routes of Service shop, one after the other. */
export async function newcomers({ cluster, address }: Subject, count: number): Promise<Newcomers> {
  const connection = await ClientConnection.open(address);
  const timesMs: number[] = [];
  const wrong: Record<string, number> = {};
  for (let number = 0; number < count; number += 1) {
    const path = `/new-${number}`;
    const status = async () => (await connection.ask({ path })).status;
    await status();
    await create(cluster, httpRoute(`new-${number}`, path, 'shop'));
    const answeredAt = performance.now();
    let seen = await status();
    while (seen !== 200 && performance.now() - answeredAt < deadlineMs) {
      if (seen !== 404) wrong[seen] = (wrong[seen] ?? 0) + 1;
      await pause(everyMs);
      seen = await status();
    }
    timesMs.push(performance.now() - answeredAt);
  }
  connection.close();
  return { timesMs, wrong };
}

// Measures one part of one subject, in the namespace that run.ts makes: `program.ts SUBJECT PART FILE SCALE`; FILE gets the result.
import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { addressIn } from '#e2e/cluster/namespace.ts';
import { service } from '#e2e/turnpike/objects.ts';
import { create } from './api.ts';
import { startBackend } from './backend.ts';
import { burst } from './burst.ts';
import { churn } from './churn.ts';
import { many } from './many.ts';
import { newcomers } from './newcomers.ts';
import { startTraefik } from './traefik.ts';
import { startTurnpike } from './turnpike.ts';
import { partNames, type PartName, type SubjectResult } from './results.ts';
import type { Start, Subject } from './subject.ts';

const starts: Readonly<Record<string, Start>> = { Turnpike: startTurnpike, Traefik: startTraefik };

const [name = '', part = '', file = '', scale = '1'] = process.argv.slice(2);
const scaled = (count: number): number => Math.ceil(count * Number(scale));
const sizes = {
  burst: scaled(1_000),
  loaded: scaled(3_000),
  newcomers: scaled(200),
  many: scaled(5_000),
  churnSeconds: scaled(20),
};

const parts: Readonly<Record<PartName, (subject: Subject) => Promise<Partial<SubjectResult>>>> = {
  async routes(subject) {
    for (const object of service('shop', [{ address: addressIn('backend', 1) }])) {
      await create(subject.cluster, object);
    }
    const first = await burst(subject, sizes.burst, 0);
    await burst(subject, sizes.loaded - sizes.burst, sizes.burst);
    return { burst: first, newcomers: await newcomers(subject, sizes.newcomers) };
  },
  async many(subject) {
    for (const object of service('shop', [{ address: addressIn('backend', 1) }])) {
      await create(subject.cluster, object);
    }
    return { many: await many(subject, sizes.many, addressIn('backend', 1)) };
  },
  churn: async (subject) => ({ churn: await churn(subject, sizes.churnSeconds) }),
};

/** A part that is not done by then, its cluster included, has come to nothing. */
const deadlineSeconds: Readonly<Record<PartName, number>> = { routes: 300, many: 900, churn: 150 };

const start = starts[name];
const named = partNames.find((one) => one === part);
if (start === undefined || named === undefined)
  throw new Error(`there is no subject ${name}, or no part ${part}`);
console.error(`${name}: ${named}`);
const result = await Promise.race([measured(start, named), late(deadlineSeconds[named])]);
console.error(JSON.stringify(result));
await writeFile(file, JSON.stringify(result));
// With this process goes all that was started in the namespace, also what did not come to its end.
process.exit();

async function measured(begin: Start, one: PartName): Promise<Partial<SubjectResult>> {
  try {
    await startBackend();
    const subject = await begin();
    return { version: subject.version, ...(await parts[one](subject)) };
  } catch (error) {
    console.error(error);
    return unfinished(`failed: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`);
  }
}

async function late(seconds: number): Promise<Partial<SubjectResult>> {
  await pause(seconds * 1_000);
  return unfinished(`not finished within ${seconds} s`);
}

function unfinished(word: string): Partial<SubjectResult> {
  return { unfinished: { [part]: word } };
}

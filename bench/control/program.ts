// Measures one subject, in the namespace that run.ts makes: `program.ts SUBJECT FILE SCALE PART...`; FILE gets the result.
import { writeFile } from 'node:fs/promises';
import { addressIn } from '#e2e/cluster/namespace.ts';
import { startEcho } from '#e2e/turnpike/echo.ts';
import { service } from '#e2e/turnpike/objects.ts';
import { create } from './api.ts';
import { burst } from './burst.ts';
import { churn } from './churn.ts';
import { many } from './many.ts';
import { newcomers } from './newcomers.ts';
import { startTraefik } from './traefik.ts';
import { startTurnpike } from './turnpike.ts';
import type { PartName, SubjectResult } from './results.ts';
import type { Start, Subject } from './subject.ts';

const starts: Readonly<Record<string, Start>> = { Turnpike: startTurnpike, Traefik: startTraefik };

const [name = '', file = '', scale = '1', ...wanted] = process.argv.slice(2);
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

const start = starts[name];
if (start === undefined) throw new Error(`there is no subject ${name}`);
// All addresses of the namespace are this machine.
const echo = await startEcho('backend', '0.0.0.0');
const result: Partial<SubjectResult> = {};
for (const part of wanted as PartName[]) {
  console.error(`${name}: ${part}`);
  const subject = await start();
  try {
    Object.assign(result, { name, version: subject.version }, await parts[part](subject));
    console.error(JSON.stringify(result));
  } finally {
    await subject.stop();
  }
}
await echo.stop();
await writeFile(file, JSON.stringify(result));

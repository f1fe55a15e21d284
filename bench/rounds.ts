// One work from its first round to its last: each round loads every peer once, in turning order, so that what else the
// machine does meets all alike; ratios are taken within a round.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Backends } from './backends/backends.ts';
import { freePort } from './ground.ts';
import type { Cores } from './ground.ts';
import type { CertificateFiles, Peer, RunningPeer } from './peers/peer.ts';
import { untilReady } from './ready.ts';
import type { PeerResult, WorkResult } from './report/results.ts';
import type { Measurement, Work } from './works/work.ts';

/** What the works of a run have in common. */
export interface Surroundings {
  readonly cores: Cores;
  readonly backends: Backends;
  readonly certificate: CertificateFiles;
  readonly rounds: number;
  readonly seconds: number;
  /** Names of the peers to measure. */
  readonly wanted: (peer: Peer) => boolean;
  readonly tell: (line: string) => void;
}

/** Measures a work. A peer that cannot do it is a row that says why, never an error. */
export async function measureWork(work: Work, around: Surroundings): Promise<WorkResult> {
  const rounds = Math.min(around.rounds, work.pace.roundsMax);
  const seconds = around.seconds <= 1 ? around.seconds : Math.max(around.seconds, work.pace.secondsMin);
  const entries = work.peers.filter(around.wanted).map((peer) => new Entry(work, peer, around));
  try {
    for (const entry of entries) await entry.prepare(Math.min(work.pace.warmUpSeconds, seconds * 2));
    for (let round = 0; round < rounds; round += 1) {
      for (const entry of round % 2 === 0 ? entries : entries.toReversed()) await entry.run(seconds);
      around.tell(`${work.name}: round ${round + 1} of ${rounds}`);
    }
  } finally {
    for (const entry of entries) await entry.end();
  }
  return {
    title: work.title,
    figure: work.figure,
    measuredAt: new Date().toISOString(),
    rounds,
    seconds,
    references: work.references,
    goals: work.goals,
    peers: entries.map((entry) => entry.result),
  };
}

interface Started {
  readonly running: RunningPeer;
  readonly port: number;
  readonly folder: string;
}

/** A peer in a work. */
class Entry {
  readonly #work: Work;
  readonly #peer: Peer;
  readonly #around: Surroundings;
  readonly #runs: Measurement[] = [];
  #version = '';
  #lacking: string | null = null;
  #started: Started | null = null;

  constructor(work: Work, peer: Peer, around: Surroundings) {
    this.#work = work;
    this.#peer = peer;
    this.#around = around;
  }

  get result(): PeerResult {
    const name = this.#peer.name;
    return this.#lacking === null
      ? { name, version: this.#version, runs: this.#runs }
      : { name, version: this.#version, lacking: this.#lacking };
  }

  /** Starts it and loads it once without counting; what fails now cannot be done. */
  async prepare(seconds: number): Promise<void> {
    this.#lacking = this.#peer.lacks[this.#work.front] ?? null;
    await this.#attempt(async () => {
      this.#version = await this.#peer.version();
      const { done, failed } = await this.#measure(seconds);
      // A few are a proxy's own business, and stand in its row.
      if (failed * 100 > done || done === 0)
        throw new Error(`${failed} of ${done + failed} failed before the first round`);
    });
  }

  async run(seconds: number): Promise<void> {
    await this.#attempt(async () => void this.#runs.push(await this.#measure(seconds)));
  }

  async end(): Promise<void> {
    const started = this.#started;
    this.#started = null;
    await started?.running.stop();
    if (started !== null) await rm(started.folder, { recursive: true, force: true });
  }

  async #attempt(step: () => Promise<void>): Promise<void> {
    if (this.#lacking !== null) return;
    try {
      await step();
    } catch (error) {
      this.#lacking = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
      this.#around.tell(`${this.#work.name}: ${this.#peer.name}: ${this.#lacking}`);
      await this.end();
    }
  }

  async #measure(seconds: number): Promise<Measurement> {
    const started = this.#started ?? (await this.#start());
    const { running: peer, port, folder } = started;
    const measurement = await this.#work.measure({ peer, port, folder, seconds, cores: this.#around.cores });
    if (this.#work.pace.processes === 'Afresh') await this.end();
    if (measurement.done === 0) throw new Error(`nothing was answered in ${seconds} s`);
    return measurement;
  }

  async #start(): Promise<Started> {
    const { cores, backends, certificate } = this.#around;
    const folder = await mkdtemp(path.join(tmpdir(), 'turnpike-bench-'));
    const port = await freePort();
    const { front, backend } = this.#work;
    const terms = { cores, front, port, backendPort: backends[backend], folder, certificate };
    const running = await this.#peer.start(terms);
    this.#started = { running, port, folder };
    await untilReady(front, port, running.fields);
    return this.#started;
  }
}

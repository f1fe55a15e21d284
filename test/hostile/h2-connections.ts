// What a client of HTTP/2 may send on one connection, mostly right.
import fc from 'fast-check';
import {
  endHeaders,
  endStream,
  frame,
  number,
  padded,
  priority,
  requestBlock,
  block as blockOf,
  settings,
  types,
} from '#test/given/h2-frames.ts';

/** One thing that is sent; `on` picks a stream that is open. */
type Step =
  | {
      readonly kind: 'Open';
      readonly ends: boolean;
      readonly length: number | null;
      readonly parts: number;
      readonly padding: number | null;
      readonly weight: boolean;
    }
  | {
      readonly kind: 'Data';
      readonly on: number;
      readonly size: number;
      readonly padding: number | null;
      readonly ends: boolean;
    }
  | { readonly kind: 'Trailers'; readonly on: number; readonly ends: boolean; readonly name: string }
  | { readonly kind: 'Reset'; readonly on: number; readonly code: number }
  | { readonly kind: 'Window'; readonly on: number; readonly by: number }
  | { readonly kind: 'Settings'; readonly pair: readonly [id: number, value: number] }
  | {
      readonly kind: 'Frame';
      readonly type: number;
      readonly flags: number;
      readonly stream: number;
      readonly size: number;
    };

const chance = fc.integer({ min: 0, max: 3 }).map((side) => side === 0);
const padding = fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, fc.nat(40));
const on = fc.nat(20);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      kind: fc.constant('Open' as const),
      ends: chance,
      length: fc.oneof({ weight: 15, arbitrary: fc.constant(null) }, fc.constantFrom(0, 5, 10)),
      parts: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 2, max: 5 })),
      padding,
      weight: chance,
    }),
  },
  {
    weight: 30,
    arbitrary: fc.record({
      kind: fc.constant('Data' as const),
      on,
      size: fc.oneof(fc.constantFrom(0, 5, 10), fc.nat(300), fc.constant(2000)),
      padding,
      ends: chance,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('Trailers' as const),
      on,
      ends: chance.map((side) => !side),
      name: fc.oneof(
        { weight: 8, arbitrary: fc.constant('x-t') },
        fc.constantFrom(':path', 'connection', 'X'),
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('Reset' as const), on, code: fc.nat(15) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('Window' as const),
      on,
      by: fc.oneof(
        { weight: 30, arbitrary: fc.integer({ min: 1, max: 70_000 }) },
        fc.constantFrom(0, 0x7fff_ffff),
      ),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('Settings' as const),
      pair: fc.oneof(
        {
          weight: 12,
          arbitrary: fc.constantFrom(
            ...([
              [1, 0],
              [1, 4096],
              [2, 0],
              [3, 100],
              [4, 0],
              [4, 65_535],
              [5, 16_384],
              [6, 100],
              [8, 1],
            ] as const),
          ),
        },
        // 9 is one of nghttp2's, which we do not know (RFC 9218 section 2.1)
        { weight: 1, arbitrary: fc.tuple(fc.integer({ min: 1, max: 8 }), fc.nat()) },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('Frame' as const),
      type: fc.oneof(fc.nat(10), fc.nat(255)),
      flags: fc.oneof(fc.constantFrom(0, 1, 4, 5, 8, 32), fc.nat(255)),
      stream: fc.oneof(fc.constantFrom(0, 1, 2, 3, 5, 9), fc.nat(0x7fff_ffff)),
      size: fc.oneof(fc.constantFrom(0, 4, 5, 6, 8), fc.nat(20)),
    }),
  },
);

/** Steps as octets: it opens streams in order, and mostly goes on with one that is open. */
class Sender {
  readonly #frames: Buffer[] = [];
  #nextId = 1;
  #open: number[] = [];
  /** Whether the frame being made ends its stream. */
  #ended = false;

  get octets(): Buffer {
    return Buffer.concat(this.#frames);
  }

  send(step: Step): void {
    switch (step.kind) {
      case 'Open':
        this.#sendHead(step);
        break;
      case 'Data': {
        const content = Buffer.alloc(step.size, 0x61 + (step.size % 26));
        const [flags, payload] = paddedWith(step.padding, content);
        this.#push(types.data, flags | this.#endOf(step), this.#pick(step.on), payload);
        break;
      }
      case 'Trailers':
        this.#push(
          types.headers,
          endHeaders | this.#endOf(step),
          this.#pick(step.on),
          blockOf([step.name, 'y']),
        );
        break;
      case 'Reset':
        this.#push(types.reset, 0, this.#pick(step.on), number(step.code));
        break;
      case 'Window':
        this.#push(types.window, 0, step.on === 0 ? 0 : this.#pick(step.on), number(step.by));
        break;
      case 'Settings':
        this.#frames.push(settings(step.pair));
        break;
      case 'Frame':
        this.#push(step.type, step.flags, step.stream, Buffer.alloc(step.size, step.size));
        break;
      default:
        step satisfies never;
    }
  }

  #sendHead({ ends, length, parts, padding: size, weight }: Extract<Step, { kind: 'Open' }>): void {
    const id = this.#nextId;
    this.#nextId += 2;
    if (!ends) this.#open.push(id);
    const lengths = length === null ? [] : ([['content-length', `${length}`]] as const);
    const block = requestBlock(ends ? 'GET' : 'POST', `/${id}`, ...lengths);
    const cuts = Array.from({ length: parts + 1 }, (_, part) => Math.floor((block.length * part) / parts));
    for (let part = 0; part < parts; part += 1) {
      const piece = block.subarray(cuts[part], cuts[part + 1]);
      const last = part === parts - 1 ? endHeaders : 0;
      if (part > 0) {
        this.#push(types.continuation, last, id, piece);
        continue;
      }
      const before = weight ? Buffer.of(0, 0, 0, 0, 16) : Buffer.alloc(0);
      const [flags, payload] = paddedWith(size, Buffer.concat([before, piece]));
      const all = flags | last | (ends ? endStream : 0) | (weight ? priority : 0);
      this.#push(types.headers, all, id, payload);
    }
  }

  /** END_STREAM, or not; a few go on after it. */
  #endOf({ ends, on }: { readonly ends: boolean; readonly on: number }): number {
    if (!ends) return 0;
    this.#ended = on % 17 !== 0;
    return endStream;
  }

  #pick(on: number): number {
    const id = this.#open[on % Math.max(1, this.#open.length)] ?? 1;
    if (this.#ended) this.#open = this.#open.filter((other) => other !== id);
    this.#ended = false;
    return id;
  }

  #push(type: number, flags: number, stream: number, payload: Buffer): void {
    this.#frames.push(frame(type, flags, stream, payload));
  }
}

function paddedWith(size: number | null, content: Buffer): [flags: number, payload: Buffer] {
  if (size === null) return [0, content];
  return [padded, Buffer.concat([Buffer.of(size), content, Buffer.alloc(size)])];
}

/** The octets behind a client's preface and SETTINGS: whole frames. */
export const connections: fc.Arbitrary<Buffer> = fc
  .array(step, { minLength: 1, maxLength: 25 })
  .map((steps) => {
    const sender = new Sender();
    sender.send({ kind: 'Open', ends: false, length: null, parts: 1, padding: null, weight: false });
    for (const step of steps) sender.send(step);
    return sender.octets;
  });

import type { HeaderLimits, HpackDecoder, HpackOutcome } from '#dataplane/h2/hpack-decoder.ts';

export type Line = readonly [name: string, value: string];

const noLimits: HeaderLimits = { listBytesMax: Infinity, fieldsMax: Infinity };

/** What a decoder makes of a block: its fields, or the outcome when that is not `Complete`. */
export function decoded(decoder: HpackDecoder, block: Buffer): Line[] | HpackOutcome {
  const { outcome, fields } = decodedWithin(decoder, block, noLimits);
  return outcome === 'Complete' ? fields : outcome;
}

/** What a decoder tells of a block under limits. */
export function decodedWithin(
  decoder: HpackDecoder,
  block: Buffer,
  limits: HeaderLimits,
): { outcome: HpackOutcome; fields: Line[] } {
  const fields: Line[] = [];
  const outcome = decoder.decode(block, limits, {
    field: ({ name, value }) => void fields.push([name.text, value]),
  });
  return { outcome, fields };
}

/** Octets written as in the RFC, with blanks anywhere. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/gu, ''), 'hex');
}

// What a request says of its signatures (RFC 9421 section 4), before anything of it is believed.
import {
  parseDictionary,
  serializeDictionary,
  serializeInnerList,
  serializeItem,
  type Dictionary,
  type InnerList,
  type Item,
  type Parameters,
} from 'structured-headers';
import type { Fields } from '#dataplane/http/fields.ts';

/** Most characters of either field, all its lines together. */
const charactersMax = 4096;

/** Most signatures of a request, and components of a signature. */
const signaturesMax = 4;
const componentsMax = 64;

/** A signature and what it says that it is of. Nothing of it is verified. */
export interface MessageSignature {
  readonly label: string;
  readonly components: readonly SignedComponent[];
  readonly parameters: SignatureParameters;
  /** The value of `@signature-params`: components and parameters as they are spelt. */
  readonly input: string;
  readonly signature: Buffer;
}

/** A part of the message. No two of a signature are the same. */
export interface SignedComponent {
  /** Lower case; begins with `@` where it is derived. */
  readonly name: string;
  /** As it stands in the signature base, with its parameters. */
  readonly identifier: string;
  readonly parameters: Parameters;
}

/** RFC 9421 section 2.3; seconds since 1970. */
export interface SignatureParameters {
  readonly created: number | null;
  readonly expires: number | null;
  readonly nonce: string | null;
  readonly alg: string | null;
  readonly keyid: string | null;
  readonly tag: string | null;
}

/** Signatures in the order in which they are told, or what is wrong with how they are told. */
export type ReadSignatures =
  | { readonly kind: 'Signatures'; readonly signatures: readonly MessageSignature[] }
  | { readonly kind: 'Malformed'; readonly detail: string };

/**
 * The signatures of a request with these fields; null without any. Both fields must be spelt as structured fields are
 * serialised (RFC 9651 section 4.1) but for blanks behind commas: so a signature has one spelling, nothing in it is told
 * twice, and whoever reads it behind the gateway reads the same.
 */
export function messageSignatures(fields: Fields): ReadSignatures | null {
  const inputText = fields.joined('signature-input');
  const signatureText = fields.joined('signature');
  if (inputText === undefined && signatureText === undefined) return null;
  const inputs = dictionaryIn(inputText ?? '');
  const signatures = dictionaryIn(signatureText ?? '');
  if (inputs === null) return malformed('Signature-Input is no dictionary in its one spelling');
  if (signatures === null) return malformed('Signature is no dictionary in its one spelling');
  if (inputs.size === 0 || inputs.size > signaturesMax || signatures.size > signaturesMax) {
    return malformed(`not between 1 and ${signaturesMax} signatures`);
  }
  const read: MessageSignature[] = [];
  for (const [label, input] of inputs) {
    const found = signatureOf(label, input, signatures.get(label));
    if (typeof found === 'string') return malformed(`${label}: ${found}`);
    read.push(found);
  }
  return { kind: 'Signatures', signatures: read };
}

/** The dictionary that `text` spells in the one way that there is, or null. */
export function dictionaryIn(text: string): Dictionary | null {
  if (text.length > charactersMax) return null;
  try {
    const read = parseDictionary(text);
    return withoutBlanks(serializeDictionary(read)) === withoutBlanks(text) ? read : null;
  } catch {
    return null;
  }
}

/** Behind commas: those between members, and in texts, where they are as many on both sides. */
function withoutBlanks(text: string): string {
  return text.replaceAll(/,[ \t]+/gu, ',');
}

/** What is wrong is told as text. */
function signatureOf(
  label: string,
  input: Item | InnerList,
  signature: Item | InnerList | undefined,
): MessageSignature | string {
  const [octets] = signature ?? [];
  if (!(octets instanceof ArrayBuffer)) return 'no signature';
  if (!isInnerList(input)) return 'no list of components';
  const [items, told] = input;
  if (items.length > componentsMax) return `more than ${componentsMax} components`;
  const components = componentsOf(items);
  if (typeof components === 'string') return components;
  const parameters = parametersOf(told);
  if (typeof parameters === 'string') return parameters;
  return {
    label,
    components,
    parameters,
    input: serializeInnerList(input),
    signature: Buffer.from(octets),
  };
}

function isInnerList(member: Item | InnerList): member is InnerList {
  return Array.isArray(member[0]);
}

function componentsOf(items: readonly Item[]): readonly SignedComponent[] | string {
  const seen = new Set<string>();
  const components: SignedComponent[] = [];
  for (const item of items) {
    const [name, parameters] = item;
    if (typeof name !== 'string' || !/^@?[a-z0-9!#$%&'*+\-.^_`|~]+$/u.test(name)) {
      return 'a component without a name in lower case';
    }
    // in whichever order its parameters are told (section 2)
    const key = [name, ...serializedParameters(parameters).toSorted()].join(';');
    if (seen.has(key)) return `${name} twice`;
    seen.add(key);
    components.push({ name, identifier: serializeItem(item), parameters });
  }
  return components;
}

function serializedParameters(parameters: Parameters): readonly string[] {
  return [...parameters].map(([name, value]) => serializeItem(['', new Map([[name, value]])]));
}

function parametersOf(told: Parameters): SignatureParameters | string {
  const numbers = ['created', 'expires'] as const;
  const texts = ['nonce', 'alg', 'keyid', 'tag'] as const;
  const wrong =
    numbers.find((name) => told.has(name) && !Number.isInteger(told.get(name))) ??
    texts.find((name) => told.has(name) && typeof told.get(name) !== 'string');
  if (wrong !== undefined) return `${wrong} is of another type`;
  const number = (name: (typeof numbers)[number]): number | null => {
    const value = told.get(name);
    return typeof value === 'number' ? value : null;
  };
  const text = (name: (typeof texts)[number]): string | null => {
    const value = told.get(name);
    return typeof value === 'string' ? value : null;
  };
  return {
    created: number('created'),
    expires: number('expires'),
    nonce: text('nonce'),
    alg: text('alg'),
    keyid: text('keyid'),
    tag: text('tag'),
  };
}

function malformed(detail: string): ReadSignatures {
  return { kind: 'Malformed', detail };
}

// What an octet may be in a message (RFC 9110 sections 5.5 and 5.6.2). Tables, for scans without branches.

/** Bits of {@link nameOctets}. */
const tokenBit = 1;
export const upperCaseBit = 2;
export const underscoreBit = 4;

/** For each octet: 0 when it may not stand in a token, else tokenBit, with what else is worth knowing of it. */
export const nameOctets: Uint8Array = tableOf((octet) => {
  const character = String.fromCharCode(octet);
  if (!/[!#$%&'*+\-.^_`|~0-9A-Za-z]/u.test(character)) return 0;
  if (character === '_') return tokenBit | underscoreBit;
  return /[A-Z]/u.test(character) ? tokenBit | upperCaseBit : tokenBit;
});

/** 1 for octets of a field value: HTAB, SP, visible ASCII, obs-text. CR, LF, NUL and controls are 0. */
export const valueOctets: Uint8Array = tableOf((octet) =>
  octet === 0x09 || (octet >= 0x20 && octet !== 0x7f) ? 1 : 0,
);

/** The value of a hexadecimal digit, or 255. */
export const hexDigits: Uint8Array = tableOf((octet) => {
  const value = Number.parseInt(String.fromCharCode(octet), 16);
  return Number.isNaN(value) ? 255 : value;
});

/** Whether `text` is a token: one character at least, none that may not stand in one. */
export function isToken(text: string): boolean {
  const { length } = text;
  for (let at = 0; at < length; at += 1) {
    const octet = text.charCodeAt(at);
    if (octet > 0x7f || nameOctets[octet] === 0) return false;
  }
  return length > 0;
}

/** Whether `text` can stand in a field's value, each character an octet (RFC 9110 section 5.5). */
export function isValueText(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 0xff || valueOctets[code] === 0) return false;
  }
  return true;
}

function tableOf(classOf: (octet: number) => number): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, octet) => classOf(octet));
}

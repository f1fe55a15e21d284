// What a client's certificate says. Whether it may be believed, the listener has found out before.
import type { ClientCertificate } from '#dataplane/http/exchange.ts';
import {
  derElements,
  derMembers,
  derTags,
  nameDigest,
  oidText,
  serialText,
  type DerElement,
} from '#snapshot/der.ts';

/** A certificate as policies see it. Names that have anything but printable ASCII inside are left out. */
export interface CertificateFacts {
  /** RFC 2253 form, the most specific part first. */
  readonly subject: string;
  readonly issuer: string;
  /** See `nameDigest`. */
  readonly issuerDigest: string;
  /** See `serialText`. */
  readonly serial: string;
  readonly notAfterMs: number;
  readonly commonNames: readonly string[];
  readonly names: AlternativeNames;
}

/** Subject alternative names (RFC 5280 section 4.2.1.6). */
export interface AlternativeNames {
  readonly dns: readonly string[];
  readonly uri: readonly string[];
  readonly email: readonly string[];
}

/** Reads `certificate`; null when it is not as RFC 5280 section 4.1 has it. */
export function certificateFacts(certificate: ClientCertificate): CertificateFacts | null {
  const fields = certificateFields(certificate.der);
  const [serial, , issuer, , subject] = fields;
  if (serial?.tag !== derTags.integer || issuer === undefined || subject === undefined) return null;
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    issuerDigest: nameDigest(issuer),
    serial: serialText(serial),
    notAfterMs: certificate.notAfterMs,
    commonNames: commonNamesIn(subject),
    names: alternativeNames(fields),
  };
}

/** Those of TBSCertificate, without the version that may stand first. */
function certificateFields(der: Uint8Array): readonly DerElement[] {
  const [certificate] = derElements(der) ?? [];
  const [signed] = membersOf(certificate, derTags.sequence);
  const fields = membersOf(signed, derTags.sequence);
  return fields[0]?.tag === versionTag ? fields.slice(1) : fields;
}

const versionTag = 0xa0;
const extensionsTag = 0xa3;
const subjectAltName = '2.5.29.17';
const commonName = '2.5.4.3';
/** Tags of GeneralName. */
const general = { email: 0x81, dns: 0x82, uri: 0x86 } as const;

function alternativeNames(fields: readonly DerElement[]): AlternativeNames {
  const [list] = membersOf(
    fields.find(({ tag }) => tag === extensionsTag),
    extensionsTag,
  );
  const extension = membersOf(list, derTags.sequence)
    .map((one) => membersOf(one, derTags.sequence))
    .find(([id]) => oidText(id) === subjectAltName);
  // the value is the last: before it stands whether it is critical
  const [all] = derElements(extension?.at(-1)?.content ?? new Uint8Array()) ?? [];
  const names = membersOf(all, derTags.sequence);
  const those = (wanted: number) =>
    names.flatMap(({ tag, content }) => (tag === wanted ? (printable(content) ?? []) : []));
  return { dns: those(general.dns), uri: those(general.uri), email: those(general.email) };
}

/** None where they cannot be read: a name less lets nobody in. */
function membersOf(element: DerElement | undefined, tag: number): readonly DerElement[] {
  return derMembers(element, tag) ?? [];
}

function commonNamesIn(subject: DerElement): readonly string[] {
  return membersOf(subject, derTags.sequence)
    .flatMap((set) => membersOf(set, derTags.set))
    .flatMap((attribute) => {
      const [type, value] = membersOf(attribute, derTags.sequence);
      const isText = value !== undefined && textTags.has(value.tag);
      return oidText(type) === commonName && isText ? (printable(value.content) ?? []) : [];
    });
}

/** UTF8String, PrintableString and IA5String, which are the same where they are ASCII. */
const textTags: ReadonlySet<number> = new Set([0x0c, 0x13, 0x16]);

/** Null for what would read otherwise to somebody else: a NUL in a name has fooled many. */
function printable(octets: Uint8Array): string | null {
  return octets.length > 0 && octets.every((octet) => octet >= 0x20 && octet < 0x7f)
    ? Buffer.from(octets).toString('latin1')
    : null;
}

const certificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates in `text`, each in PEM as it stands there; whether they can be read is not asked. */
export function certificatesIn(text: string): readonly string[] {
  return text.match(certificate) ?? [];
}

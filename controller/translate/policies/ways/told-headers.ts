/** What is told to backends, and in which header each: names in lower case, as data planes compare them. */
export function toldHeaders<Told extends { readonly header: string }>(
  told: readonly Told[],
): readonly Told[] {
  return told.map((one) => ({ ...one, header: one.header.toLowerCase() }));
}

// Lists of references to wholes and their parts: parentRefs of routes and targetRefs of policies have the same
// two rules.

/** What tells one entry of such a list from another. */
export interface Target {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly sectionName?: string;
  readonly port?: number;
}

/** No object is named both whole and by a section. */
export function wholeOrSections(targets: readonly Target[]): boolean {
  return sectionsByTarget(targets).every(
    (sections) => new Set(sections.map(({ sectionName }) => sectionName === undefined)).size === 1,
  );
}

/** No object is named twice whole, or twice by one section (and port). */
export function namedOnce(targets: readonly Target[]): boolean {
  return sectionsByTarget(targets).every(
    (sections) => new Set(sections.map((one) => JSON.stringify(one))).size === sections.length,
  );
}

type Section = Pick<Target, 'sectionName' | 'port'>;

function sectionsByTarget(targets: readonly Target[]): readonly (readonly Section[])[] {
  const groups = Map.groupBy(targets, (one) =>
    JSON.stringify([one.group, one.kind, one.namespace ?? '', one.name]),
  );
  return [...groups.values()].map((group) =>
    group.map(({ sectionName, port }) => ({
      ...(sectionName === undefined ? {} : { sectionName }),
      ...(port === undefined ? {} : { port }),
    })),
  );
}

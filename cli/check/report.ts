// What a controller would say of folders of manifests, told offline. Runs the same decoder and the same
// translation; what only a running gateway can know (addresses, data planes, fetched keys) is left out.
import { styleText } from 'node:util';
import { systemClock } from '#controller/clock.ts';
import type { Admitted } from '#controller/files/admission.ts';
import { FilesError } from '#controller/files/files-error.ts';
import { FolderSource } from '#controller/files/folder-source.ts';
import type { FileProblem } from '#controller/files/manifest.ts';
import { otherKindsLine } from '#controller/files/other-kinds.ts';
import { Store } from '#controller/store/store.ts';
import { createTranslator } from '#controller/translate/translate.ts';
import type {
  DesiredCondition,
  DesiredStatus,
  Notice,
  StatusPart,
} from '#controller/translate/translation.ts';
import { decodeManifest, decodeObject, kinds } from '#crds/kind.ts';
import type { Kind } from '#crds/kind.ts';
import { guardKinds } from '#crds/policy.ts';
import { FollowUps } from '../follow-ups.ts';
import { standaloneSettings } from '../standalone-settings.ts';
import { noticeLines, stateLines, titleOf } from '../state-lines.ts';
import { allForeign, unclaimedLines } from '../unclaimed.ts';
import { problemLine } from '../up/screen.ts';
import { warningLines } from '../warning-lines.ts';

/** Prints what is wrong in the folders, taken as one, and answers the exit code: 0 nothing, 1 something, 2 unreadable. */
export async function report(folders: readonly string[]): Promise<number> {
  const store = new Store({ kinds: Object.keys(kinds) as Kind[], decode: decodeObject });
  let read: FolderContent;
  try {
    read = await readInto(store, folders);
  } catch (error) {
    if (!(error instanceof FilesError)) throw error;
    console.error(`turnpike: ${error.message}`);
    return 2;
  }
  const { problems, others, admitted } = read;
  const { objects, observations } = store;
  const { statuses, notices } = createTranslator().translate({
    settings: standaloneSettings,
    objects,
    observations,
  });
  const bad = [
    ...stateLines(statuses.map(withoutRunTime), { objects, host: null, problems }),
    ...unclaimedLines(objects, statuses),
    ...noticeLines(notices),
  ].filter(({ ok }) => !ok);
  const placeOf = placesIn(admitted);
  const told = bad.flatMap(({ object, details }) =>
    details.map((detail) => `${placeOf(object, detail)}${object}: ${detail}`),
  );
  const lines = [
    ...problems.map(offlineLine),
    // What a route suffers comes behind what its policy says of itself.
    ...told.filter((one) => !one.includes(closedByPolicy)),
    ...told.filter((one) => one.includes(closedByPolicy)),
  ];
  for (const line of lines) console.log(line);
  const followUps = new FollowUps(objects, problems);
  for (const line of [
    ...allForeign(objects, statuses, folders),
    ...remarkLines(notices, followUps),
    ...warningLines(objects, statuses),
  ]) {
    const [title = ''] = line.split(': ', 1);
    console.log(`${styleText('yellow', 'warning')} ${placeOf(title, line)}${line}`);
  }
  const passedOver = otherKindsLine(others);
  if (passedOver !== null) console.log(passedOver);
  // Namespaces are not counted: the folder source adds those that are missing.
  const counted = (Object.keys(kinds) as Kind[]).filter((kind) => kind !== 'Namespace');
  const checked = counted.reduce((sum, kind) => sum + objects.list(kind).length, 0);
  console.log(summary(checked, lines.length, folders));
  return lines.length === 0 && checked > 0 ? 0 : 1;
}

/** What the owner of a policy should hear although it holds; of others' notices a status says it too. */
function remarkLines(notices: readonly Notice[], followUps: FollowUps): readonly string[] {
  return notices.flatMap(({ object, message }) =>
    guardKinds.some((kind) => kind === object.kind) && !followUps.has(titleOf(object), message)
      ? [`${titleOf(object)}: ${message}`]
      : [],
  );
}

const closedByPolicy = '=True PolicyNotEnforced: ';

/** Nothing runs, so what stays in force until the mending is no news. */
function offlineLine(problem: FileProblem): string {
  return problemLine({ ...problem, remedy: problem.remedy.replace(/(?:^|; )until then .*$/, '') });
}

function summary(checked: number, problems: number, folders: readonly string[]): string {
  if (checked === 0 && problems === 0) {
    return `there are no manifests in ${folders.join(', ')} (files *.yaml, *.yml, *.json)`;
  }
  const found = problems === 0 ? 'no problems' : `${problems} problem${problems === 1 ? '' : 's'}`;
  return `${checked} object${checked === 1 ? '' : 's'} checked, ${found}`;
}

/** `edge.yaml:5: `: where the field stands that `detail` names, or else the object; empty for what is in no file. */
function placesIn(admitted: readonly Admitted[]): (object: string, detail: string) => string {
  const byTitle = new Map(admitted.map((one) => [titleOf(one), one]));
  return (object, detail) => {
    const found = byTitle.get(object);
    if (found === undefined) return '';
    const field = /(?:^|: )(spec[\w.[\]]*)[: ]/.exec(detail)?.[1] ?? '';
    return `${found.file}:${found.lineOf(field)}: `;
  };
}

/** What stands in the folders. */
interface FolderContent {
  readonly admitted: readonly Admitted[];
  readonly problems: readonly FileProblem[];
  readonly others: readonly string[];
}

async function readInto(store: Store, folders: readonly string[]): Promise<FolderContent> {
  const source = new FolderSource({
    folders,
    kinds,
    check: decodeManifest,
    sink: store,
    clock: systemClock,
    report: () => {},
  });
  try {
    await source.start();
    return { admitted: source.admitted, problems: source.problems, others: source.others };
  } finally {
    await source.stop();
  }
}

/** The status without conditions that depend on what runs. */
function withoutRunTime(desired: DesiredStatus): DesiredStatus {
  return { ...desired, status: staticPart(desired.status) };
}

/** Reasons of `Programmed` that follow from what is written. */
const knownOffline: ReadonlySet<string> = new Set(['ClientCertificatesNotAsked', 'LoginPathTaken']);

function staticPart(status: StatusPart): StatusPart {
  const keep = (conditions: readonly DesiredCondition[]): readonly DesiredCondition[] =>
    conditions.filter(({ type, reason }) =>
      type !== 'Programmed' ? reason !== 'Pending' : knownOffline.has(reason),
    );
  const within = <T extends { readonly conditions: readonly DesiredCondition[] }>(
    parts: readonly T[],
  ): readonly T[] => parts.map((part) => ({ ...part, conditions: keep(part.conditions) }));
  switch (status.kind) {
    case 'GatewayClass':
    case 'Consumer':
    case 'Plan':
    case 'Ban':
      return { ...status, conditions: keep(status.conditions) };
    case 'Gateway':
    case 'ListenerSet':
      return { ...status, conditions: keep(status.conditions), listeners: within(status.listeners) };
    case 'Route':
      return { ...status, parents: within(status.parents) };
    case 'Ancestors':
      return { ...status, ancestors: within(status.ancestors) };
    case 'Ingress':
      return status;
    case 'Policy':
      return { ...status, conditions: keep(status.conditions), ancestors: within(status.ancestors) };
    default:
      return status satisfies never;
  }
}

import { isDeepStrictEqual } from 'node:util';
import type {
  DesiredAncestorStatus,
  DesiredCondition,
  DesiredListenerStatus,
  DesiredParentStatus,
  StatusPart,
} from '#controller/translate/translation.ts';

/** What a merge takes into account beside the desired part and the live status. */
export interface MergeContext {
  readonly controllerName: string;
  /** The namespace of the object: that of parentRefs without one. */
  readonly namespace: string;
  /** The generation that was judged. */
  readonly generation: number;
  /** That of the object whose live status is merged with. */
  readonly liveGeneration: number;
  /** RFC 3339: the time of what changes now. */
  readonly now: string;
}

/** Fields of a status; the others stay as they are, null removes one. */
export type StatusFields = Readonly<Record<string, unknown>>;

type Raw = Readonly<Record<string, unknown>>;

/** The Gateway API's limits: a status with a longer list would be refused whole. */
const parentsMax = 32;
const ancestorsMax = 16;
const conditionsMax = 8;
const addressesMax = 16;

/** Far less than the API's limit, as 32 parents may have 8 conditions each and an object has 1.5 MB at most. */
const messageLengthMax = 4096;

/**
 * The fields of `live` that must change so that our part of it is `part`: null when none. Entries of other
 * controllers and conditions of foreign types stay as they are; a transition time moves with its status only. What
 * tells of a generation later than the judged one is left to who has seen that (Gateway API: GatewayStatus.conditions).
 */
export function mergeStatus(part: StatusPart, live: unknown, context: MergeContext): StatusFields | null {
  const before = recordOf(live);
  if (isAhead(before, context)) return null;
  const wanted = wantedFields(part, before, context);
  const changed = Object.entries(wanted).filter(([name, value]) => !same(before[name], value));
  return changed.length === 0 ? null : Object.fromEntries(changed);
}

function wantedFields(part: StatusPart, before: Raw, context: MergeContext): StatusFields {
  switch (part.kind) {
    case 'GatewayClass':
      return {
        conditions: mergeConditions(part.conditions, before['conditions'], context),
        supportedFeatures: part.supportedFeatures.map((name) => ({ name })),
      };
    case 'Gateway':
      return {
        conditions: mergeConditions(part.conditions, before['conditions'], context),
        addresses: part.addresses.slice(0, addressesMax),
        listeners: mergeListeners(part.listeners, before['listeners'], context),
        attachedListenerSets: part.attachedListenerSets,
      };
    case 'ListenerSet':
      return {
        conditions: mergeConditions(part.conditions, before['conditions'], context),
        listeners: mergeListeners(part.listeners, before['listeners'], context),
      };
    case 'Consumer':
      return {
        conditions: mergeConditions(part.conditions, before['conditions'], context),
        quotas: mergeQuotas(part, listOf(before['quotas']), context.now),
      };
    case 'Ban':
      return { conditions: mergeConditions(part.conditions, before['conditions'], context) };
    case 'Plan':
      return {
        conditions: mergeConditions(part.conditions, before['conditions'], context),
        consumers: part.consumers,
      };
    case 'Ingress':
      return { loadBalancer: mergeIngress(part, before['loadBalancer']) };
    case 'Route':
      return { parents: mergeEntries(part.parents, before['parents'], parentEntries, context) };
    case 'Ancestors':
      return { ancestors: mergeEntries(part.ancestors, before['ancestors'], ancestorEntries, context) };
    case 'Policy':
      return {
        conditions: mergeConditions(part.conditions, before['conditions'], context),
        targets: part.targets === '' ? null : part.targets,
        ancestors: mergeEntries(part.ancestors, before['ancestors'], ancestorEntries, context),
      };
    default:
      return part satisfies never;
  }
}

/** Whether another leader of ours has judged more. A generation that the object has not reached is nobody's judgement. */
function isAhead(before: Raw, { controllerName, generation, liveGeneration }: MergeContext): boolean {
  if (liveGeneration <= generation) return false;
  const own = entriesOf(before).filter((entry) => entry['controllerName'] === controllerName);
  return [before, ...listOf(before['listeners']), ...own]
    .flatMap(({ conditions }) => listOf(conditions))
    .filter(({ type }) => isOurType(String(type)))
    .some(({ observedGeneration: seen }) => Number(seen) > generation && Number(seen) <= liveGeneration);
}

type IngressPart = Extract<StatusPart, { readonly kind: 'Ingress' }>;

/** As it stands where it says the same already, or is not ours. */
function mergeIngress({ addresses, former }: IngressPart, live: unknown): unknown {
  const told = listOf(recordOf(live)['ingress']).map(({ ip, hostname }) =>
    ip === undefined ? { hostname } : { ip },
  );
  const isSo = same(told, addresses.map(ingressOf));
  if (isSo || (former !== null && !same(told, former.map(ingressOf)))) return live;
  return addresses.length === 0 ? null : { ingress: addresses.map(ingressOf) };
}

function ingressOf({ type, value }: IngressPart['addresses'][number]): Raw {
  return type === 'Hostname' ? { hostname: value } : { ip: value };
}

/** Absent, null and empty are the same to a reader. */
function same(before: unknown, wanted: unknown): boolean {
  const empty = (value: unknown) =>
    value === undefined || value === null || (Array.isArray(value) && value.length === 0);
  return (empty(before) && empty(wanted)) || isDeepStrictEqual(before, plain(wanted));
}

function plain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}

/** Of ours those that come first, if there is no room for all beside the others'. */
function mergeConditions(desired: readonly DesiredCondition[], live: unknown, context: MergeContext): Raw[] {
  const before = listOf(live);
  const foreign = before.filter(
    ({ type }) => !isOurType(String(type)) && desired.every((one) => one.type !== type),
  );
  const room = Math.max(0, conditionsMax - foreign.length);
  const left = new Map(desired.slice(0, room).map((condition) => [condition.type, condition]));
  const merged: Raw[] = [];
  for (const condition of before) {
    const type = String(condition['type']);
    const wanted = left.get(type);
    left.delete(type);
    if (wanted !== undefined) {
      merged.push(stamped(wanted, condition, context));
    } else if (foreign.includes(condition)) {
      merged.push(condition);
    }
  }
  return [...merged, ...[...left.values()].map((condition) => stamped(condition, null, context))];
}

function stamped(condition: DesiredCondition, live: Raw | null, context: MergeContext): Raw {
  const since = live?.['status'] === condition.status ? live['lastTransitionTime'] : undefined;
  return {
    type: condition.type,
    status: condition.status,
    observedGeneration: context.generation,
    lastTransitionTime: typeof since === 'string' ? since : context.now,
    reason: condition.reason,
    message: shortened(condition.message),
  };
}

/** No half of a character stays at the end: the server would write another one there, and so would we, for ever. */
function shortened(message: string): string {
  return message.length <= messageLengthMax
    ? message
    : `${message.slice(0, messageLengthMax - 4).replace(/[\uD800-\uDBFF]$/, '')} ...`;
}

/** Types of the Gateway API without a domain are the implementing controller's, so are those of our domain. */
function isOurType(type: string): boolean {
  return type.startsWith('turnpike.dev/') || gatewayApiTypes.has(type);
}

const gatewayApiTypes: ReadonlySet<string> = new Set([
  'Accepted',
  'AddressesAssigned',
  'Conflicted',
  'Detached',
  'InsecureFrontendValidationMode',
  'OverlappingTLSConfig',
  'PartiallyInvalid',
  'Programmed',
  'Ready',
  'ResolvedRefs',
  'Scheduled',
  'SupportedVersion',
]);

/** What was known of a period that has not ended stays: a controller that begins anew has to hear of it again. */
function mergeQuotas(
  { plan, quotas }: Extract<StatusPart, { readonly kind: 'Consumer' }>,
  live: readonly Raw[],
  now: string,
): readonly unknown[] {
  return plan.quotas.flatMap((name): readonly unknown[] => {
    const wanted = quotas.find((one) => one.name === name);
    const known = live.find((one) => one['name'] === name && one['plan'] === plan.name);
    const ends = Date.parse(String(known?.['ends']));
    if (known === undefined || !(ends > Date.parse(now))) return wanted === undefined ? [] : [wanted];
    if (wanted === undefined) return [known];
    return [Date.parse(wanted.ends) === ends && Number(known['used']) > wanted.used ? known : wanted];
  });
}

function mergeListeners(
  desired: readonly DesiredListenerStatus[],
  live: unknown,
  context: MergeContext,
): Raw[] {
  const before = new Map(listOf(live).map((listener) => [listener['name'], listener]));
  return desired.map(({ name, supportedKinds, attachedRoutes, conditions }) => ({
    name,
    supportedKinds,
    attachedRoutes,
    conditions: mergeConditions(conditions, before.get(name)?.['conditions'], context),
  }));
}

type DesiredEntry = DesiredParentStatus | DesiredAncestorStatus;

/** A list of entries by controller and reference. */
interface Entries {
  readonly field: 'parentRef' | 'ancestorRef';
  readonly max: number;
}

const parentEntries: Entries = { field: 'parentRef', max: parentsMax };
const ancestorEntries: Entries = { field: 'ancestorRef', max: ancestorsMax };

function mergeEntries(
  desired: readonly DesiredEntry[],
  live: unknown,
  { field, max }: Entries,
  context: MergeContext,
): Raw[] {
  const left = new Map(desired.map((entry) => [refKey(refOf(entry), context.namespace), entry]));
  const merged: Raw[] = [];
  for (const entry of listOf(live)) {
    if (entry['controllerName'] !== context.controllerName) {
      merged.push(entry);
      continue;
    }
    const key = refKey(recordOf(entry[field]), context.namespace);
    const wanted = left.get(key);
    left.delete(key);
    if (wanted !== undefined) {
      merged.push(entryOf(wanted, entry, field, context));
    }
  }
  const added = [...left.values()].map((entry) => entryOf(entry, null, field, context));
  return [...merged, ...added.slice(0, Math.max(0, max - merged.length))];
}

function entryOf(entry: DesiredEntry, live: Raw | null, field: Entries['field'], context: MergeContext): Raw {
  return {
    // As it stands: a default that the server filled in is no difference.
    [field]: live === null ? refOf(entry) : live[field],
    controllerName: context.controllerName,
    conditions: mergeConditions(entry.conditions, live?.['conditions'], context),
  };
}

function refOf(entry: DesiredEntry): Raw {
  return { ...('parentRef' in entry ? entry.parentRef : entry.ancestorRef) };
}

function refKey(ref: Raw, namespace: string): string {
  return JSON.stringify([
    ref['group'] ?? 'gateway.networking.k8s.io',
    ref['kind'] ?? 'Gateway',
    ref['namespace'] ?? namespace,
    ref['name'],
    ref['sectionName'] ?? '',
    ref['port'] ?? 0,
  ]);
}

/** Whether `status` has entries of this controller in its list of parents or ancestors. */
export function hasOwnEntries(status: unknown, controllerName: string): boolean {
  return entriesOf(recordOf(status)).some((entry) => entry['controllerName'] === controllerName);
}

function entriesOf({ parents, ancestors }: Raw): readonly Raw[] {
  return [...listOf(parents), ...listOf(ancestors)];
}

function recordOf(value: unknown): Raw {
  return typeof value === 'object' && value !== null ? (value as Raw) : {};
}

function listOf(value: unknown): readonly Raw[] {
  return Array.isArray(value) ? value.map(recordOf) : [];
}

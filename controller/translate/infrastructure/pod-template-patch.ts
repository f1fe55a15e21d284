// What a patch of the pod template may set. The platform may set what does not break the data plane; the owner of a
// Gateway only what says where its pods run: whoever may write a Gateway need not be one who may write pods.
import { isRecord } from '#crds/record.ts';
import { ownContainer, ownVolumes } from './own-names.ts';
import type { PodTemplatePatch } from './parameters.ts';

/** Whose parameters a patch stands in: the class's are the platform's, a Gateway's its owner's. */
export type PatchAuthor = 'Platform' | 'Owner';

/** Labels by which what we made is found. */
const ownLabel =
  /^(?:gateway\.networking\.k8s\.io|turnpike\.dev)\/|^app\.kubernetes\.io\/(?:component|instance|managed-by|name)$/;

const ownersFields: ReadonlySet<string> = new Set([
  'nodeSelector',
  'tolerations',
  'affinity',
  'topologySpreadConstraints',
  'containers',
]);

const reservedFields: ReadonlyMap<string, string> = new Map([
  [
    'serviceAccountName',
    'the data planes prove who they are by the ServiceAccount that is made for the Gateway',
  ],
  ['serviceAccount', 'the data planes prove who they are by the ServiceAccount that is made for the Gateway'],
  ['automountServiceAccountToken', 'a data plane needs no rights in the cluster'],
  ['restartPolicy', 'it is Always'],
  ['activeDeadlineSeconds', 'data planes run for ever'],
  ['terminationGracePeriodSeconds', 'it follows from spec.drain'],
]);

const volumeNames: ReadonlySet<unknown> = new Set(Object.values(ownVolumes).map(({ name }) => name));
const mountPaths: ReadonlySet<unknown> = new Set(Object.values(ownVolumes).map(({ mountPath }) => mountPath));

/** What is wrong with `patch`: the field below `spec.podTemplatePatch` and why; null when nothing is. */
export function patchProblem(patch: PodTemplatePatch | undefined, author: PatchAuthor): string | null {
  const label = Object.keys(patch?.metadata?.labels ?? {}).find((key) => ownLabel.test(key));
  if (label !== undefined) {
    return `metadata.labels: ${label} is Turnpike's own; remove it`;
  }
  for (const [field, value] of Object.entries(patch?.spec ?? {})) {
    const problem = fieldProblem(field, value, author);
    if (problem !== null) return `spec.${problem}`;
  }
  return null;
}

function fieldProblem(field: string, value: unknown, author: PatchAuthor): string | null {
  const reserved = reservedFields.get(field);
  if (reserved !== undefined) {
    return `${field} cannot be set: ${reserved}; remove it`;
  }
  if (author === 'Owner' && !ownersFields.has(field)) {
    return `${field} can be set in the parameters of a GatewayClass only; remove it`;
  }
  if (field === 'volumes') {
    return listProblem(field, value, (volume) =>
      volumeNames.has(volume['name'])
        ? `${String(volume['name'])} is the data plane's own; use another name`
        : null,
    );
  }
  if (field === 'containers') {
    return listProblem(field, value, (container) => containerProblem(container, author));
  }
  return field === 'initContainers' ? listProblem(field, value, () => null) : null;
}

type Named = Readonly<Record<string, unknown>>;

function listProblem(field: string, value: unknown, check: (item: Named) => string | null): string | null {
  if (!Array.isArray(value)) {
    return `${field} must be a list`;
  }
  const problems = value.map((item: unknown, index) => {
    const named = isRecord(item) && typeof item['name'] === 'string' ? item : null;
    const problem = named === null ? 'must have a name' : check(named);
    return problem === null ? null : `${field}[${String(index)}]: ${problem}`;
  });
  return problems.find((problem) => problem !== null) ?? null;
}

function containerProblem(container: Named, author: PatchAuthor): string | null {
  if (container['name'] !== ownContainer) {
    return author === 'Owner'
      ? 'containers beside dataplane can be added in the parameters of a GatewayClass only; remove it'
      : null;
  }
  for (const [field, value] of Object.entries(container)) {
    if (author === 'Owner' && field !== 'name' && field !== 'resources') {
      return `${field} can be set in the parameters of a GatewayClass only; remove it`;
    }
    if (field === 'command' || field === 'args') {
      return `${field} cannot be set: it is the data plane's own; remove it`;
    }
    if (field === 'volumeMounts' && Array.isArray(value)) {
      const taken = value.filter(isRecord).find((one) => mountPaths.has(one['mountPath']));
      if (taken !== undefined) {
        return `volumeMounts: ${String(taken['mountPath'])} is the data plane's own; use another path`;
      }
    }
  }
  return null;
}

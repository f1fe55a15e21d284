// What is written and has no effect, though whoever wrote it surely meant one: annotations of other controllers, or
// misspelt ones of ours, and patterns where a path is taken as it is written. In a cluster that is legal and quiet.
import { annotationField, annotationNames } from '#controller/translate/annotations.ts';
import { exposedPlaces } from '#controller/translate/expose/exposure.ts';
import type { ObjectReader } from '#controller/translate/input.ts';
import { nearestName } from '#crds/nearest-name.ts';
import { titleOf } from './state-lines.ts';

const { expose, port, gateway, listener, policies, exposeDefault } = annotationNames;

/** The annotations of ours that each kind may have. */
const ours = {
  Service: [expose, port, gateway, listener, policies],
  Ingress: [listener, policies],
  Gateway: [exposeDefault],
} as const;

/** Those of other controllers that an Ingress may have. */
const theirs =
  /^(?:[a-z-]+\.ingress\.kubernetes\.io|konghq\.com|haproxy\.org|haproxy-ingress\.github\.io|projectcontour\.io|k8s\.apisix\.apache\.org)\//;

/** A line for each object with words that have no effect, and each such place. */
export function idleWordLines(objects: ObjectReader): readonly string[] {
  return [
    ...(['Gateway', 'Ingress', 'Service'] as const).flatMap((kind) =>
      objects
        .list(kind)
        .flatMap(({ metadata }) =>
          annotationProblems(kind, metadata.annotations).map(
            (problem) => `${titleOf({ kind, ...metadata })}: ${problem}`,
          ),
        ),
    ),
    ...patternLines(objects),
  ];
}

function annotationProblems(
  kind: keyof typeof ours,
  annotations: Readonly<Record<string, string>>,
): readonly string[] {
  const names = Object.keys(annotations);
  const foreign = kind === 'Ingress' ? names.filter((one) => theirs.test(one)) : [];
  const alone =
    kind === 'Service' && annotations[expose] === undefined
      ? names.filter((one) => ours.Service.some((known) => known === one))
      : [];
  return [
    ...(foreign.length === 0
      ? []
      : [
          `metadata.annotations: ${foreign.join(', ')}: annotations of other controllers have no effect: say it by a policy or an HTTPRoute, as the guide to Ingress tells`,
        ]),
    ...names.filter((one) => one.startsWith('turnpike.dev/')).flatMap((one) => misspelt(kind, one) ?? []),
    ...alone.map((one) => `${annotationField(one)} has no effect without ${expose}: add that, or remove it`),
  ];
}

function misspelt(kind: keyof typeof ours, name: string): string | null {
  const known: readonly string[] = ours[kind];
  if (known.includes(name)) return null;
  const [, word = ''] = name.split('/');
  const near = nearestName(
    word,
    known.map((one) => one.slice('turnpike.dev/'.length)),
  );
  const remedy = near === undefined ? 'remove it' : `did you mean turnpike.dev/${near}?`;
  return `${annotationField(name)} has no meaning on the kind ${kind}: ${remedy}`;
}

function patternLines(objects: ObjectReader): readonly string[] {
  const ingresses = objects
    .list('Ingress')
    .flatMap(({ metadata, spec }) =>
      spec.rules.flatMap(({ http }, rule) =>
        (http?.paths ?? []).flatMap(({ path }, at) =>
          isPattern(path)
            ? `${titleOf({ kind: 'Ingress', ...metadata })}: spec.rules[${rule}].http.paths[${at}].path: ${literally(path, 'pathType Prefix', 'an HTTPRoute with a path of type RegularExpression')}`
            : [],
        ),
      ),
    );
  const routes = objects
    .list('HTTPRoute')
    .flatMap(({ metadata, spec }) =>
      spec.rules.flatMap(({ matches }, rule) =>
        matches.flatMap(({ path }, at) =>
          path !== undefined && path.type !== 'RegularExpression' && isPattern(path.value)
            ? `${titleOf({ kind: 'HTTPRoute', ...metadata })}: spec.rules[${rule}].matches[${at}].path.value: ${literally(path.value, 'type PathPrefix', 'type RegularExpression')}`
            : [],
        ),
      ),
    );
  const exposed = objects
    .list('Service')
    .flatMap((service) =>
      (exposedPlaces(service)?.places ?? []).flatMap(({ path }) =>
        isPattern(path)
          ? `${titleOf({ kind: 'Service', ...service.metadata })}: ${annotationField(expose)}: ${literally(path, 'no * at its end', 'an HTTPRoute with a path of type RegularExpression')}`
          : [],
      ),
    );
  return [...ingresses, ...routes, ...exposed];
}

/** `/*` and `/a/*` as others write prefixes, and what hardly stands in a path but in regular expressions. */
function isPattern(path: string): boolean {
  return /\/\*$|\.[*+]|\[\^|\$$/.test(path);
}

function literally(path: string, prefix: string, pattern: string): string {
  const [, before] = /^(.*)\/\*$/.exec(path) ?? [];
  const remedy =
    before === undefined || isPattern(before)
      ? `for a regular expression write ${pattern}`
      : `for all below write ${before === '' ? '/' : before} with ${prefix}`;
  return `${JSON.stringify(path)} is taken letter by letter, and is no pattern: ${remedy}`;
}

// What annotations of ours say on objects that have no fields for it: an Ingress, and a Service that is exposed.
import type { Extension } from './filters/filters.ts';

/** Names of our annotations. */
export const annotationNames = {
  expose: 'turnpike.dev/expose',
  port: 'turnpike.dev/port',
  gateway: 'turnpike.dev/gateway',
  listener: 'turnpike.dev/listener',
  policies: 'turnpike.dev/policies',
  exposeDefault: 'turnpike.dev/expose-default',
} as const;

/** Annotations of an object. */
export type Annotations = Readonly<Record<string, string>>;

/** As a field that a person finds. */
export function annotationField(name: string): string {
  return `metadata.annotations[${name}]`;
}

/** The listener that alone serves the object; undefined for all. */
export function listenerNamed(annotations: Annotations): string | undefined {
  const name = (annotations[annotationNames.listener] ?? '').trim();
  return name === '' ? undefined : name;
}

/** The entries of a list with commas between them. */
export function entriesOf(text: string): readonly string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

/** As many as a rule of a route may have filters: each holds for all paths of the object, of which there are thousands. */
const policiesMax = 16;

/**
 * The policies that the object pulls in as a filter of a route does, each written `<kind>/<name>`: of those that cannot
 * be found nothing passes.
 */
export function policiesNamed(annotations: Annotations): readonly Extension[] {
  const field = annotationField(annotationNames.policies);
  const entries = [...new Set(entriesOf(annotations[annotationNames.policies] ?? ''))];
  if (entries.length > policiesMax) {
    const problem = `names ${String(entries.length)} policies, at most ${String(policiesMax)} are allowed; remove some`;
    return [{ field, group: 'turnpike.dev', kind: '', name: '', problem }];
  }
  return entries.map((entry) => {
    const [kind = '', ...name] = entry.split('/');
    return { field, group: 'turnpike.dev', kind, name: name.join('/') };
  });
}

import { selectorFault, selects, type LabelSelector, type SelectorFault } from './label-selector.ts';
import type { Read } from './memo.ts';

/** From which namespaces something may come (Gateway API: RouteNamespaces, ListenerNamespaces). */
export interface AdmittedNamespaces {
  readonly from: 'All' | 'Selector' | 'Same' | 'None';
  readonly selector?: LabelSelector;
}

/** What keeps all namespaces out, though some are to be selected; null when nothing does. */
export function admissionFault({ from, selector }: AdmittedNamespaces): SelectorFault | null {
  if (from !== 'Selector') return null;
  return selector === undefined
    ? { path: '', detail: 'it is missing, and from is Selector: add it, or change from' }
    : selectorFault(selector);
}

/** Whether objects of `namespace` are admitted; `Same` is the namespace `own`. */
export function admitsNamespace(
  read: Read,
  { from, selector }: AdmittedNamespaces,
  own: string,
  namespace: string,
): boolean {
  switch (from) {
    case 'All':
      return true;
    case 'None':
      return false;
    case 'Same':
      return namespace === own;
    case 'Selector': {
      const labels = read.get('Namespace', '', namespace)?.metadata.labels;
      // A selector that is left out or wrong selects nothing: it must not open the door to all.
      return (
        labels !== undefined &&
        selector !== undefined &&
        selectorFault(selector) === null &&
        selects(selector, labels)
      );
    }
    default:
      return from satisfies never;
  }
}

/** metav1.LabelSelector. */
export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly LabelExpression[];
}

/** metav1.LabelSelectorRequirement; `operator` is In, NotIn, Exists or DoesNotExist. */
export interface LabelExpression {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** What is wrong in a selector. */
export interface SelectorFault {
  /** Path below the selector, with its dot; `''` for the selector itself. */
  readonly path: string;
  readonly detail: string;
}

/** Why `selector` can be no LabelSelector, as Kubernetes reads it; null when it is one. */
export function selectorFault(selector: LabelSelector): SelectorFault | null {
  for (const [index, { operator, values }] of selector.matchExpressions.entries()) {
    const path = `.matchExpressions[${String(index)}]`;
    const wanted = wantedValues.get(operator);
    if (wanted === undefined) {
      const known = [...wantedValues.keys()].join(', ');
      return { path: `${path}.operator`, detail: `${operator} is none of ${known}: correct it` };
    }
    if (values.length > 0 !== (wanted === 'Some')) {
      const remedy = wanted === 'Some' ? 'needs values: add some' : 'takes no values: remove them';
      return { path: `${path}.values`, detail: `the operator ${operator} ${remedy}` };
    }
  }
  return null;
}

const wantedValues: ReadonlyMap<string, 'Some' | 'None'> = new Map([
  ['In', 'Some'],
  ['NotIn', 'Some'],
  ['Exists', 'None'],
  ['DoesNotExist', 'None'],
]);

/** Whether `selector` selects an object with `labels`: all its parts hold; an operator nobody knows does not. */
export function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return (
    Object.entries(selector.matchLabels).every(([name, value]) => labels[name] === value) &&
    selector.matchExpressions.every((expression) => holds(expression, labels))
  );
}

function holds(expression: LabelExpression, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, expression.key) ? labels[expression.key] : undefined;
  switch (expression.operator) {
    case 'In':
      return value !== undefined && expression.values.includes(value);
    case 'NotIn':
      return value === undefined || !expression.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

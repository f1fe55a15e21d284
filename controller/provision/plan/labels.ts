import { createHash } from 'node:crypto';
import { controllerLabel } from '#controller/translate/infrastructure/own-names.ts';
import type { WantedInfrastructure } from '#controller/translate/infrastructure/infrastructure.ts';

/** The label selector of all that controllers of a controllerName have made; other installations' is not among it. */
export function controllerSelector(controllerName: string): string {
  return `${controllerLabel}=${controllerLabelValue(controllerName)}`;
}

function controllerLabelValue(controllerName: string): string {
  return labelValue(controllerName.replaceAll(/[^-A-Za-z0-9_.]/g, '.'));
}

/** `text` as the value of a label: where it is longer than 63 characters, as much of it as fits and a hash. */
function labelValue(text: string): string {
  if (text.length <= 63) {
    return text;
  }
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return `${text.slice(0, 54)}-${hash}`;
}

/** What finds the pods of a Gateway: never to be changed, as no workload lets its selector be. */
export function selectorLabels({ name }: WantedInfrastructure): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/component': 'dataplane', 'app.kubernetes.io/instance': name };
}

/** The labels of all that is made (GEP-1762): the user's, and ours, which are stronger. */
export function labelsOf(
  infrastructure: WantedInfrastructure,
  controllerName: string,
): Readonly<Record<string, string>> {
  return {
    ...infrastructure.labels,
    'app.kubernetes.io/managed-by': 'turnpike',
    'app.kubernetes.io/name': 'turnpike',
    'gateway.networking.k8s.io/gateway-class-name': labelValue(infrastructure.className),
    'gateway.networking.k8s.io/gateway-name': labelValue(infrastructure.gateway),
    [controllerLabel]: controllerLabelValue(controllerName),
    ...selectorLabels(infrastructure),
  };
}

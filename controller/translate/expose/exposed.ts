// A Service that asks for a route by its annotations (docs/guides/expose.md): led as an HTTPRoute for its host and path
// would be, but behind all objects that were written to lead requests.
import type { Service } from '#crds/kubernetes.ts';
import type { GatewayKey } from '#snapshot/ids.ts';
import { policiesNamed } from '../annotations.ts';
import type { GatewayModel } from '../gateway.ts';
import { attachLed, gatewayNamed } from '../led-attachment.ts';
import type { Read, Unit } from '../memo.ts';
import { extensionProblem } from '../policies/protection.ts';
import type { Problem } from '../problem.ts';
import {
  attachmentOf,
  joinedSites,
  originOf,
  siteOf,
  type RouteAtGateway,
  type Site,
} from '../route-at-gateway.ts';
import type { RuleModel } from '../rules/http.ts';
import { prefixOf } from '../rules/matches.ts';
import { servicePort, serviceRule } from '../rules/service.ts';
import { exposedPlaces, portAsked, type ExposedPlace } from './exposure.ts';
import { exposingGatewayUnit } from './exposing-gateway.ts';
import { claimBefore } from './taken-places.ts';

/** A Service that asks for a route. */
export interface ExposedModel {
  /** Null: none is found that leads to it. */
  readonly gateway: GatewayKey | null;
  /** Null: nothing of it is served. */
  readonly atGateway: RouteAtGateway | null;
  readonly problems: readonly Problem[];
  readonly closed: readonly ClosedPlace[];
}

/** A place at which nothing passes, `<host><path>`, and why. */
interface ClosedPlace {
  readonly place: string;
  readonly reason: string;
}

/** The Service of a namespace and name; null when there is none or it does not ask for a route. */
export const exposedUnit: Unit<ExposedModel | null> = {
  name: 'exposed service',
  compute(read, namespace = '', name = '') {
    const service = read.get('Service', namespace, name);
    const asked = service === undefined ? null : exposedPlaces(service);
    const found = read.ask(exposingGatewayUnit, namespace, name);
    if (service === undefined || asked === null || found === null) {
      return null;
    }
    const rule = ruleOf(read, service);
    if (asked.places.length === 0) {
      return unserved(asked.problems);
    }
    if (found.kind === 'None' || 'kind' in rule) {
      const ofGateway = found.kind === 'None' ? [found.problem] : [];
      return unserved([...asked.problems, ...ofGateway, ...('kind' in rule ? [rule] : [])]);
    }
    const gateway = gatewayNamed(read, found.gateway);
    const sites = asked.places.map((place, index) =>
      gateway === null ? null : siteOfPlace(read, service, { place, index, rule }, gateway),
    );
    return {
      gateway: found.gateway,
      atGateway: joinedSites(sites.flatMap((one) => one?.site.atGateway ?? [])),
      problems: [
        ...asked.problems,
        ...sites.flatMap((one) => one?.problem ?? []),
        ...rule.extensions.flatMap((one) => extensionProblem(read, namespace, one) ?? []),
      ],
      closed: asked.places.flatMap((place, index) =>
        (sites[index]?.site.closed ?? []).map(({ reason }) => ({ place: titleOf(place), reason })),
      ),
    };
  },
};

function unserved(problems: readonly Problem[]): ExposedModel {
  return { gateway: null, atGateway: null, problems, closed: [] };
}

/** Its only rule, which all places share but for the path; or why there is none. */
function ruleOf(read: Read, service: Service): RuleModel | Problem {
  const port = portAsked(service);
  if (typeof port === 'object') {
    return port;
  }
  const { namespace, name, annotations } = service.metadata;
  const object = { kind: 'Service', namespace, name };
  const backend = servicePort(read, { object, group: '', field: 'spec' }, { service: name, port });
  const extensions = policiesNamed(annotations);
  return backend.kind === 'Unresolved'
    ? backend.problem
    : serviceRule(object, { name: '0', path: prefixOf('/'), backend, extensions });
}

interface PlacedRule {
  readonly place: ExposedPlace;
  readonly index: number;
  readonly rule: RuleModel;
}

function siteOfPlace(
  read: Read,
  service: Service,
  { place, index, rule }: PlacedRule,
  gateway: GatewayModel,
): { readonly site: Site; readonly problem: Problem | null } {
  const origin = originOf(service, [String(index)]);
  const attached = attachLed(read, service, place.host, gateway);
  if (attached.kind === 'Refused') {
    return { site: siteOf(read, origin, [], { gateway, attachments: [] }), problem: attached.problem };
  }
  const claimAt = claimBefore(read, gateway.key, service, place);
  const judged = attached.attachments.map((one) => ({
    attachment: one,
    by: claimAt(attachmentOf(gateway, one).listener),
  }));
  const attachments = judged.flatMap((one) => (one.by === null ? [one.attachment] : []));
  const by = judged.find((one) => one.by !== null)?.by ?? null;
  const matches = rule.matches.map((one) => ({ ...one, path: prefixOf(place.path) }));
  return {
    site: siteOf(read, origin, [{ ...rule, name: String(index), matches }], { gateway, attachments }),
    problem: by === null ? null : { kind: 'ExposureTaken', place: titleOf(place), by },
  };
}

function titleOf({ host, path }: ExposedPlace): string {
  return `${host}${path}`;
}

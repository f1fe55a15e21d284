// Words on what is led as a route is and has no conditions: an Ingress, or a Service that is exposed.
import { annotationField, annotationNames } from './annotations.ts';
import { accepted as told } from './words.ts';
import type { LedProblem } from './problem.ts';
import type { WordsOf } from './words.ts';

/** A part of the one table of words (conditions.ts). */
export const ledWords: WordsOf<LedProblem> = {
  ListenerNotFound: ({ field, gateway, listener }) =>
    told(
      'NoMatchingParent',
      listener.includes('/')
        ? `${field}: Gateway ${gateway} has no listener ${listener} of a ListenerSet that takes HTTP routes from here for the host; correct the name, or see allowedRoutes and hostname there.`
        : `${field}: Gateway ${gateway} has no listener ${listener}; correct the name.`,
    ),
  NoListenerTakes: ({ gateway, namespace, listener }) =>
    told(
      'NotAllowedByListeners',
      listener === null
        ? `No listener of Gateway ${gateway} takes HTTP routes of namespace ${namespace}; see the protocol and allowedRoutes of each.`
        : `${annotationField(annotationNames.listener)}: listener ${listener} of Gateway ${gateway} takes no HTTP routes of namespace ${namespace}; see its protocol and allowedRoutes, or name another.`,
    ),
  HostNotServed: ({ gateway, host }) =>
    told(
      'NoMatchingListenerHostname',
      `No listener of Gateway ${gateway} that takes HTTP routes from here serves the host ${host}; correct it, or add a listener.`,
    ),
  NoSecureListener: ({ field, gateway }) =>
    told(
      'NoHttpsListener',
      `${field}: Gateway ${gateway} has no listener of the protocol HTTPS that takes these hosts; add one.`,
    ),
  HostOfOthers: ({ field, host, owner }) =>
    told(
      'HostTaken',
      `${field}: ${host} is ${owner}'s, which is of another namespace and comes first; a certificate for it must come from there.`,
    ),
  HostSecured: ({ field, host, holder }) =>
    told(
      'HostTaken',
      `${field}: Ingress ${holder}, which is older (or first by name), has brought another certificate for ${host}; remove one of them.`,
    ),
  BadExposure: ({ field, detail }) => told('InvalidAnnotation', `${field}: ${detail}`),
  ExposureTaken: ({ place, by }) =>
    told(
      'RouteTaken',
      `${place} is ${by}'s, which comes first; expose the Service elsewhere, or remove one.`,
    ),
};

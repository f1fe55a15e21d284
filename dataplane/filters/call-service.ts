import type { CallLimits, ServiceAnswer, ServiceRequest } from '#dataplane/http/service-call.ts';
import type { ResourceId } from '#snapshot/ids.ts';

/** Asks the service behind the cluster of this id. Settles within its time, and never rejects. */
export type CallService = (
  cluster: ResourceId,
  request: ServiceRequest,
  limits: CallLimits,
) => Promise<ServiceAnswer>;

// ClientPolicy: how clients may call.
import type * as z from 'zod';
import { clientGroups, processLimits, type ClientGroups } from './client-settings.ts';
import { withRules, type Frozen, type Rule } from './grammar.ts';
import { kindSchema } from './kubernetes.ts';
import { policyStatusSchema, turnpikeVersion, type TargetReference } from './policy.ts';
import { flatSettingsSpec } from './settings-policy.ts';

type Spec = ClientGroups & { readonly targetRefs: readonly TargetReference[] };

const believed = ['Append', 'Keep'] as const;

const believesNobody: Rule<Spec> = {
  cel: `!has(self.forwardedHeaders) || ((!has(self.forwardedHeaders.xForwarded) || !(self.forwardedHeaders.xForwarded in ['Append', 'Keep'])) && (!has(self.forwardedHeaders.forwarded) || !(self.forwardedHeaders.forwarded in ['Append', 'Keep']))) || (has(self.clientAddress) && self.clientAddress.type == 'XForwardedFor')`,
  message:
    'forwardedHeaders of Append and Keep believe what the client says: add clientAddress of type XForwardedFor, or use Replace or Remove',
  holds: ({ forwardedHeaders, clientAddress }) =>
    clientAddress?.type === 'XForwardedFor' ||
    ![forwardedHeaders?.xForwarded, forwardedHeaders?.forwarded].some((mode) =>
      believed.some((one) => one === mode),
    ),
};

const wholeGateway: Rule<Spec> = {
  cel: `!has(self.limits) || !(${processLimits.map((name) => `has(self.limits.${name})`).join(' || ')}) || self.targetRefs.all(t, !has(t.sectionName))`,
  message: `limits.${processLimits.join(', ')} hold for all ports together: remove sectionName, or move them into a policy of the whole Gateway`,
  holds: ({ limits = {}, targetRefs }) =>
    !processLimits.some((name) => Object.hasOwn(limits, name)) ||
    targetRefs.every(({ sectionName }) => sectionName === undefined),
};

const spec = flatSettingsSpec({ targets: ['Gateway', 'ListenerSet'], groups: clientGroups, rules: [] });

/** The schema of a ClientPolicy. */
export const clientPolicySchema = kindSchema('ClientPolicy', turnpikeVersion, {
  spec: withRules(spec, [believesNobody, wholeGateway]).describe(
    'How clients may call. Of each group of settings that of a listener holds before that of its Gateway. Settings hold for a port, since a connection does not say at first which listener it is for: where listeners of one port have policies, the one of the first listener holds. tls holds for each listener.',
  ),
  status: policyStatusSchema.describe('What the controller says of the policy.'),
});

/** A decoded ClientPolicy. */
export type ClientPolicy = Frozen<z.infer<typeof clientPolicySchema>>;

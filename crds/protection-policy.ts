// ProtectionPolicy: what floods, lists and bans keep out before anybody knows what is asked for.
import type * as z from 'zod';
import type { Frozen } from './grammar.ts';
import { kindSchema } from './kubernetes.ts';
import { policyStatusSchema, turnpikeVersion } from './policy.ts';
import { protectionGroups } from './protection-settings.ts';
import { flatSettingsSpec } from './settings-policy.ts';

const spec = flatSettingsSpec({ targets: ['Gateway', 'ListenerSet'], groups: protectionGroups, rules: [] });

/** The schema of a ProtectionPolicy. */
export const protectionPolicySchema = kindSchema('ProtectionPolicy', turnpikeVersion, {
  spec: spec.describe(
    'Who is kept out, and how much one address may do. Of each group of settings that of a listener holds before that of its Gateway. Settings hold for a port, since a connection does not say at first which listener it is for: where listeners of one port have policies, the one of the first listener holds.',
  ),
  status: policyStatusSchema.describe('What the controller says of the policy.'),
});

/** A decoded ProtectionPolicy. */
export type ProtectionPolicy = Frozen<z.infer<typeof protectionPolicySchema>>;

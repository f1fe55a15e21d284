/** The namespace of a policy that is called `<namespace>/<name>`. */
export function policyNamespace(policy: string): string {
  return policy.slice(0, policy.indexOf('/'));
}

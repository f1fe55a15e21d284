import { networkFault } from '#crds/network.ts';
import { createAddressRule, type AddressRule } from '#snapshot/address-rule.ts';

/**
 * The rule by which users' addresses are reached from where they lead, with the operator's own networks.
 * @throws {TypeError} when one of them is none, or has bits beyond its length.
 */
export function ruleOfNetworks(networks: readonly string[]): AddressRule {
  const beyond = networks.find((one) => networkFault(one) === 'BitsBeyondLength');
  if (beyond !== undefined) {
    throw new TypeError(`${beyond} has bits beyond its length: write the network, such as 10.0.0.0/8`);
  }
  return createAddressRule(networks);
}

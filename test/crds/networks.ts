/** What the fields that name networks are refused with. */
export const noNetwork =
  'must be a network such as 10.0.0.0/8 or 2001:db8::/32, or one address such as 10.0.0.1/32';
export const bitsBeyondLength =
  'has an address with bits beyond its length: write the network, as 10.0.0.0/8 in place of 10.0.0.1/8, or one address with the length 32 (IPv6: 128)';

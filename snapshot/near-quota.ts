/** Whether so much is used of a quota that operators should hear of it: four fifths. */
export function isNearlyUsed(used: number, requests: number): boolean {
  return used * 5 >= requests * 4;
}

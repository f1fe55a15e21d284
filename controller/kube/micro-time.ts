/** `ms` since 1970 as a metav1.MicroTime: RFC 3339 with six digits, of which the API server takes no fewer. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.(\d{3})Z$/, '.$1000Z');
}

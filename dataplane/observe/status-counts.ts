/** Codes that have a label of their own (RFC 9110 and those that gateways meet); others go by their class. */
const ownLabels = [
  101, 200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 406, 408, 409, 410,
  411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 429, 431, 500, 501, 502, 503, 504, 505,
];
const classLabels = ['none', '1xx', '2xx', '3xx', '4xx', '5xx', 'other'];

/** All values of the label `code`; `none` when the client was gone before an answer began. */
const labels = [...classLabels, ...ownLabels.map(String)];
const indexByStatus = Uint8Array.from({ length: 1000 }, (_, status) => {
  const own = ownLabels.indexOf(status);
  if (own >= 0) return classLabels.length + own;
  if (status === 0) return 0;
  return status >= 100 && status < 600 ? Math.floor(status / 100) : classLabels.length - 1;
});

/** Counts by status code, over a closed list of labels. Hot path: an index into a typed array. */
export class StatusCounts {
  readonly #counts = new Float64Array(labels.length);

  count(status: number): void {
    const index = indexByStatus[status] ?? classLabels.length - 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
  }

  /** Label and count of those that occurred. */
  *entries(): Generator<readonly [code: string, count: number]> {
    for (const [index, code] of labels.entries()) {
      const count = this.#counts[index] ?? 0;
      if (count > 0) yield [code, count];
    }
  }
}

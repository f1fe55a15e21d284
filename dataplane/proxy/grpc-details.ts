// What a failed gRPC call tells beyond its status: google.rpc.Status with details, in protobuf's binary form. Numbers are
// those of google/rpc/status.proto, google/rpc/error_details.proto and google/protobuf/{any,duration}.proto.

/** The value of `grpc-status-details-bin`: the call may be made again after `seconds` (google.rpc.RetryInfo). */
export function retryDetails(code: number, words: string, seconds: number): string {
  const retryDelay = numberField(1, seconds);
  const any = [...octetsField(1, retryInfo), ...octetsField(2, octetsField(1, retryDelay))];
  const status = [...numberField(1, code), ...octetsField(2, Buffer.from(words)), ...octetsField(3, any)];
  // gRPC wants no padding
  return Buffer.from(status).toString('base64').replaceAll('=', '');
}

const retryInfo = Buffer.from('type.googleapis.com/google.rpc.RetryInfo');

function numberField(field: number, value: number): readonly number[] {
  return [field << 3, ...varint(value)];
}

function octetsField(
  field: number,
  octets: Iterable<number> & { readonly length: number },
): readonly number[] {
  return [(field << 3) | 2, ...varint(octets.length), ...octets];
}

/** Also of more than 32 bits, as a wait of some centuries has. */
function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value % 0x80) | 0x80, ...varint(Math.floor(value / 0x80))];
}

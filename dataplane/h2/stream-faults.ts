// What a peer does with streams that costs it the connection.
import { errorCodes, type H2Fault } from './error-code.ts';

const { protocolError, flowControlError, compressionError, enhanceYourCalm } = errorCodes;
export const idleStream: H2Fault = { code: protocolError, detail: 'frame of a stream that is not open' };
export const skippedStream: H2Fault = { code: protocolError, detail: 'stream opened out of order' };
export const closedStream: H2Fault = {
  code: errorCodes.streamClosed,
  detail: 'HEADERS of a stream that is over',
};
export const evenStream: H2Fault = { code: protocolError, detail: 'stream of an even number' };
export const ownChild: H2Fault = { code: protocolError, detail: 'stream that depends on itself' };
export const brokenTables: H2Fault = { code: compressionError, detail: 'header block' };
export const connectionOverrun: H2Fault = { code: flowControlError, detail: 'window overrun' };
export const tooManyResets: H2Fault = { code: enhanceYourCalm, detail: 'too many streams reset' };
export const tooManyFrames: H2Fault = { code: enhanceYourCalm, detail: 'too many frames' };

// What expressions about answers can name beside what those about requests can.
import { FieldMapping, type RequestSubject, type SubjectFields } from './request-variables.ts';
import type { VariableGroup } from './variables.ts';

/** What an answer must tell, with its request, so that an expression can be asked about it. */
export interface ResponseSubject extends RequestSubject {
  readonly response: {
    readonly status: number;
    readonly fields: SubjectFields;
    /** Null when there are none. */
    readonly trailers: SubjectFields | null;
    /** Octets of content that the client was sent. */
    readonly bytes: number;
  };
}

/** The variables of answers. */
export const responseGroup: VariableGroup<ResponseSubject> = {
  response: {
    status: { type: 'int', read: ({ response }) => BigInt(response.status) },
    headers: { type: 'map<string, string>', read: ({ response }) => new FieldMapping(response.fields) },
    trailers: {
      type: 'map<string, string>',
      read: ({ response }) => new FieldMapping(response.trailers ?? noFields),
    },
    bytes: { type: 'int', read: ({ response }) => BigInt(response.bytes) },
  },
};

const noFields: SubjectFields = { size: 0, nameAt: () => '', joined: () => undefined };

// BackendTLSPolicy as the CRD of Gateway API 1.7 defines it: shape, defaults and rules. Where the channels differ the
// wider one holds: what a cluster takes, we read. Does not know what a policy means.
import * as z from 'zod';
import { atMost, atomicList, withRules, type Frozen } from './grammar.ts';
import {
  groupName,
  hostname,
  kindName,
  objectName,
  preciseHostname,
  qualifiedKey,
  sectionName,
} from './fields.ts';
import { conditionsSchema, kindSchema, ownController, parentReferenceSchema } from './kubernetes.ts';
import { namedOnce, wholeOrSections } from './targets.ts';

const target = z.object({
  group: groupName,
  kind: kindName,
  name: objectName,
  /** A port of a Service by its name; left out: the whole target. */
  sectionName: sectionName.exactOptional(),
});

const sameTarget = 'p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name';

const targetRefs = withRules(atomicList(target).min(1).max(16), [
  {
    cel: `self.all(p1, self.all(p2, ${sameTarget} ? ((!has(p1.sectionName) || p1.sectionName == '') == (!has(p2.sectionName) || p2.sectionName == '')) : true))`,
    message: 'one target is named twice, with sectionName and without: give all of them a sectionName',
    holds: wholeOrSections,
  },
  {
    cel: `self.all(p1, self.exists_one(p2, ${sameTarget} && (((!has(p1.sectionName) || p1.sectionName == '') && (!has(p2.sectionName) || p2.sectionName == '')) || (has(p1.sectionName) && has(p2.sectionName) && p1.sectionName == p2.sectionName))))`,
    message: 'one target is named twice with the same sectionName: remove one',
    holds: namedOnce,
  },
]);

const subjectAltName = withRules(
  z.object({
    type: z.enum(['Hostname', 'URI']),
    hostname: hostname.exactOptional(),
    uri: z
      .string()
      .min(1)
      .max(253)
      .regex(
        /^(([^:/?#]+):)(\/\/([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?/,
        'must be a URI with a scheme and an authority, such as spiffe://example.com/ns/shop/sa/cart',
      )
      .exactOptional(),
  }),
  [
    {
      cel: '!(self.type == "Hostname" && (!has(self.hostname) || self.hostname == ""))',
      message: 'type Hostname needs the field hostname: add it',
      holds: (name) => name.type !== 'Hostname' || name.hostname !== undefined,
    },
    {
      cel: '!(self.type != "Hostname" && has(self.hostname) && self.hostname != "")',
      message: 'the field hostname is for type Hostname: remove it, or correct type',
      holds: (name) => name.type === 'Hostname' || name.hostname === undefined,
    },
    {
      cel: '!(self.type == "URI" && (!has(self.uri) || self.uri == ""))',
      message: 'type URI needs the field uri: add it',
      holds: (name) => name.type !== 'URI' || name.uri !== undefined,
    },
    {
      cel: '!(self.type != "URI" && has(self.uri) && self.uri != "")',
      message: 'the field uri is for type URI: remove it, or correct type',
      holds: (name) => name.type === 'URI' || name.uri === undefined,
    },
  ],
);

const validation = withRules(
  z.object({
    caCertificateRefs: atomicList(z.object({ group: groupName, kind: kindName, name: objectName }))
      .max(8)
      .default([]),
    wellKnownCACertificates: z
      .string()
      .min(1)
      .max(253)
      .regex(
        /^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$/,
        'must be System, or a name with a domain and a slash before it',
      )
      .exactOptional(),
    /** Sent as SNI, and what the certificate must name unless there are `subjectAltNames`. */
    hostname: preciseHostname,
    subjectAltNames: atomicList(subjectAltName).max(5).default([]),
  }),
  [
    {
      cel: '!(has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0 && has(self.wellKnownCACertificates) && self.wellKnownCACertificates != "")',
      message: 'there are both caCertificateRefs and wellKnownCACertificates: remove one of them',
      holds: (one) => one.caCertificateRefs.length === 0 || one.wellKnownCACertificates === undefined,
    },
    {
      cel: '(has(self.caCertificateRefs) && size(self.caCertificateRefs) > 0 || has(self.wellKnownCACertificates) && self.wellKnownCACertificates != "")',
      message: 'there must be caCertificateRefs or wellKnownCACertificates: add one of them',
      holds: (one) => one.caCertificateRefs.length > 0 || one.wellKnownCACertificates !== undefined,
    },
  ],
);

/** The schema of a BackendTLSPolicy. */
export const backendTlsPolicySchema = kindSchema('BackendTLSPolicy', 'gateway.networking.k8s.io/v1', {
  spec: z.object({
    targetRefs,
    validation,
    options: z.record(qualifiedKey, z.string().max(4096)).check(atMost(16)).default({}),
  }),
  status: z
    .object({
      ancestors: z
        .array(
          z.object({
            ancestorRef: parentReferenceSchema,
            controllerName: ownController,
            conditions: conditionsSchema,
          }),
        )
        .default([]),
    })
    .prefault({}),
});

/** A decoded BackendTLSPolicy. */
export type BackendTLSPolicy = Frozen<z.infer<typeof backendTlsPolicySchema>>;

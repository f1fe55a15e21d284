// What all routes share: the parents they name, and what is told of them there.
import * as z from 'zod';
import { atomicList, withRules } from './grammar.ts';
import { conditionsSchema, ownController, parentReferenceSchema } from './kubernetes.ts';
import { namedOnce, wholeOrSections } from './targets.ts';

const sameParent =
  "p1.group == p2.group && p1.kind == p2.kind && p1.name == p2.name && (((!has(p1.__namespace__) || p1.__namespace__ == '') && (!has(p2.__namespace__) || p2.__namespace__ == '')) || (has(p1.__namespace__) && has(p2.__namespace__) && p1.__namespace__ == p2.__namespace__ ))";

/** `spec.parentRefs`: what the rules of either channel let through; ports tell entries apart in the experimental one. */
export const parentRefsSchema = withRules(atomicList(parentReferenceSchema).max(32), [
  {
    cel: `self.all(p1, self.all(p2, ${sameParent} ? ((!has(p1.sectionName) || p1.sectionName == '') == (!has(p2.sectionName) || p2.sectionName == '')) : true))`,
    message: 'one parent is named twice, with sectionName and without: give all of them a sectionName',
    holds: wholeOrSections,
  },
  {
    cel: `self.all(p1, self.exists_one(p2, ${sameParent} && (((!has(p1.sectionName) || p1.sectionName == '') && (!has(p2.sectionName) || p2.sectionName == '')) || (has(p1.sectionName) && has(p2.sectionName) && p1.sectionName == p2.sectionName)) && (((!has(p1.port) || p1.port == 0) && (!has(p2.port) || p2.port == 0)) || (has(p1.port) && has(p2.port) && p1.port == p2.port))))`,
    message: 'one parent is named twice with the same sectionName: remove one',
    holds: namedOnce,
  },
]).default([]);

/** `status` of a route. */
export const routeStatusSchema = z
  .object({
    parents: z
      .array(
        z.object({
          parentRef: parentReferenceSchema,
          controllerName: ownController,
          conditions: conditionsSchema,
        }),
      )
      .default([]),
  })
  .prefault({});

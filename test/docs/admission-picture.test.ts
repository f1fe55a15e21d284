import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { admissionPicture } from './admission-picture.ts';

test('docs/guides/rate-limiting.svg shows what the algorithms decide (else: GOLDEN=write)', async () => {
  const file = path.join(import.meta.dirname, '../../docs/guides/rate-limiting.svg');
  const picture = await admissionPicture();
  if (process.env['GOLDEN'] === 'write') writeFileSync(file, picture);
  assert.equal(readFileSync(file, 'utf8'), picture);
});

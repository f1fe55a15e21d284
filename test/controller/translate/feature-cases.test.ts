// Every feature that a GatewayClass tells has a golden case that is its specification, and the page of them is in step
// (`GOLDEN=write` writes it).
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it, test } from 'node:test';
import { experimentalFeatures, standardFeatures } from '#controller/translate/supported-features.ts';
import { featureCases } from './feature-cases.ts';

const root = path.join(import.meta.dirname, '../../..');
const page = path.join(root, 'docs/reference/gateway-api-features.md');

/** The case of that which needs no feature beyond Gateway and HTTPRoute. */
const plain = 'a-route-sends-its-requests-to-a-service';

function textOf(folder: string, name: 'in.yaml' | 'out.yaml'): string {
  return readFileSync(path.join(import.meta.dirname, folder, name), 'utf8');
}

function pageText(): string {
  const rows = Object.entries(featureCases).map(([feature, { means, folder }]) => {
    const place = `../../test/controller/translate/${folder}`;
    return `| ${feature} | ${means} | [manifests](${place}/in.yaml), [what becomes of them](${place}/out.yaml) |`;
  });
  return `# Features of the Gateway API

<!-- Made from test/controller/translate/feature-cases.ts by GOLDEN=write: change nothing here. -->

What each feature means to us, by an example: manifests, and the configuration of data planes and the statuses that are made of them. The examples are tests, and a feature is told in \`status.supportedFeatures\` of a GatewayClass only if it has one. Which features pass the conformance suite is in [conformance.md](../conformance.md).

| Feature | What it is | Specified by |
|---|---|---|
${rows.join('\n')}
`;
}

describe('the case of each feature asks for it, and something becomes of it', () => {
  for (const [feature, { folder, asked, told }] of Object.entries(featureCases)) {
    it(feature, () => {
      assert.match(textOf(folder, 'in.yaml'), asked);
      assert.match(textOf(folder, 'out.yaml'), told);
    });
  }
});

// Else the case would show nothing.
test('nothing of it is asked or told of a plain route at a Gateway', () => {
  const asked = textOf(plain, 'in.yaml');
  const told = textOf(plain, 'out.yaml');
  for (const [feature, one] of Object.entries(featureCases)) {
    if (one.folder === plain) continue;
    assert.doesNotMatch(asked, one.asked, feature);
    assert.doesNotMatch(told, one.told, feature);
  }
});

test('each feature that is told has a case in feature-cases.ts', () => {
  for (const feature of [...standardFeatures, ...experimentalFeatures])
    assert.ok(Object.hasOwn(featureCases, feature), `${feature} has none`);
  assert.deepEqual(Object.keys(featureCases), Object.keys(featureCases).toSorted());
});

test('docs/reference/gateway-api-features.md lists them', () => {
  if (process.env['GOLDEN'] === 'write') writeFileSync(page, pageText());
  assert.equal(readFileSync(page, 'utf8'), pageText());
});

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { standardFeatures } from '#controller/translate/supported-features.ts';
import { conformancePage } from '#e2e/conformance/page.ts';
import { conformanceVersion } from '#e2e/conformance/programs.ts';
import { keptReport, nameOf, reportFolder, sameFindings, shortcomings } from '#e2e/conformance/report.ts';
import packageJson from '../../../package.json' with { type: 'json' };

const coreFeatures = new Set(['Gateway', 'HTTPRoute', 'ReferenceGrant']);

test('the report is of this version, under the suite that is compiled, and has no test that failed or was skipped', async () => {
  const { name, report } = await keptReport();
  assert.equal(name, nameOf(report));
  assert.equal(report.implementation.version, packageJson.version);
  assert.equal(report.gatewayAPIVersion, await conformanceVersion());
  assert.deepEqual(shortcomings(report), []);
});

test('all 40 core tests of GATEWAY-HTTP have passed', async () => {
  const { report } = await keptReport();
  const http = report.profiles.find((one) => one.name === 'GATEWAY-HTTP');
  assert.deepEqual(http?.core.statistics, { Passed: 40, Failed: 0, Skipped: 0 });
});

test('the features that a GatewayClass claims are those of the report', async () => {
  const { report } = await keptReport();
  const reported = report.profiles.flatMap((one) => one.extended?.supportedFeatures ?? []);
  assert.deepEqual(
    standardFeatures.filter((one) => !coreFeatures.has(one)),
    [...new Set(reported)].sort(),
  );
});

test('docs/conformance.md is made from the report', async () => {
  const { name, report } = await keptReport();
  const page = await readFile(path.join(reportFolder, '../conformance.md'), 'utf8');
  assert.equal(page, conformancePage(report, name));
});

test('a report with a failed or skipped test, or of other features, is another', async () => {
  const { report } = await keptReport();
  const [http] = report.profiles;
  assert.ok(http);
  const worse = {
    ...http,
    core: { ...http.core, result: 'failure' as const, failedTests: ['HTTPRouteWeight'] },
  };
  const other = { ...report, date: '2027-01-01T00:00:00Z' };
  assert.ok(sameFindings(report, other));
  assert.equal(sameFindings(report, { ...other, profiles: [worse] }), false);
  assert.deepEqual(shortcomings({ ...other, profiles: [worse] }), [
    'GATEWAY-HTTP core: failure (HTTPRouteWeight)',
  ]);
});

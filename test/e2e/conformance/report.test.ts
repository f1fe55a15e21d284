import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { experimentalFeatures, standardFeatures } from '#controller/translate/supported-features.ts';
import { conformancePage, supportedFeatures } from '#e2e/conformance/page.ts';
import { conformanceVersion } from '#e2e/conformance/programs.ts';
import { featuresOfRelease, published } from '#e2e/conformance/published.ts';
import { keptReports, nameOf, reportFolder, sameFindings, shortcomings } from '#e2e/conformance/report.ts';
import type { ConformanceReport } from '#e2e/conformance/report.ts';
import packageJson from '../../../package.json' with { type: 'json' };

const coreFeatures = new Set(['Gateway', 'HTTPRoute', 'GRPCRoute', 'TLSRoute', 'ReferenceGrant']);

/** The features that no profile counts. */
const inNoProfile = new Set(['GRPCRouteNamedRouteRule', 'GRPCRouteRequestHeaderModifier']);

const reports = await keptReports();

for (const kept of reports) {
  const { name, report } = kept;
  const channel = report.gatewayAPIChannel;

  test(`the report on the ${channel} channel is of this version, under the suite that is compiled, and all is good`, async () => {
    assert.equal(name, nameOf(report));
    assert.equal(report.implementation.version, packageJson.version);
    assert.equal(report.gatewayAPIVersion, await conformanceVersion());
    assert.deepEqual(shortcomings(kept), []);
  });

  test(`the features that a GatewayClass claims on the ${channel} channel are those of the report`, () => {
    const reported = report.profiles.flatMap((one) => one.extended?.supportedFeatures ?? []);
    const more = channel === 'experimental' ? experimentalFeatures : [];
    assert.deepEqual(
      [...standardFeatures, ...more].filter((one) => !coreFeatures.has(one) && !inNoProfile.has(one)).sort(),
      [...new Set(reported)].sort(),
    );
  });
}

/** Core and extended tests of Gateway API 1.7 by profile. */
const counts = {
  'GATEWAY-HTTP': [40, 64],
  'GATEWAY-GRPC': [17, 13],
  'GATEWAY-TLS': [21, 18],
  'GATEWAY-TCP': [20, 11],
  'GATEWAY-UDP': [21, 11],
} as const;

test('all tests of all five profiles have passed on both channels, and those of no profile', () => {
  assert.deepEqual(reports.map(({ report }) => report.gatewayAPIChannel).sort(), [
    'experimental',
    'standard',
  ]);
  for (const { report, tests } of reports) {
    const found = report.profiles.map(({ name, core, extended }) => [
      name,
      [core.statistics.Passed, extended?.statistics.Passed],
    ]);
    assert.deepEqual(Object.fromEntries(found), counts);
    assert.equal(report.succeededProvisionalTests?.length, 6);
    assert.equal(new Set(tests).size, 147);
    assert.deepEqual(tests, tests.toSorted());
    for (const one of ['GRPCRouteNamedRule', 'GRPCRouteRequestHeaderModifier', 'HTTPRouteDisallowedKind'])
      assert.ok(tests.includes(one));
  }
});

test('the README claims what the reports tell', async () => {
  const kept = reports.find(({ report }) => report.gatewayAPIChannel === 'experimental');
  assert.ok(kept);
  const features = `${supportedFeatures(kept.report).length} of ${featuresOfRelease['v1.7']} features`;
  const readme = await readFile('README.md', 'utf8');
  const tests = `${kept.tests.length} of ${kept.tests.length} tests`;
  assert.ok(readme.includes(`${tests} and ${features} of its suite`));
});

test('docs/conformance.md is made from the reports', async () => {
  assert.equal(await readFile(`${reportFolder}.md`, 'utf8'), conformancePage(reports));
});

test('the counts of others fit their suites', () => {
  const coreTests: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    'v1.5': { 'GATEWAY-HTTP': 33, 'GATEWAY-GRPC': 13, 'GATEWAY-TLS': 18 },
    'v1.6': {
      'GATEWAY-HTTP': 37,
      'GATEWAY-GRPC': 15,
      'GATEWAY-TLS': 20,
      'GATEWAY-TCP': 19,
      'GATEWAY-UDP': 20,
    },
  };
  for (const { name, file, gatewayAPI, features, tests } of published) {
    const release = gatewayAPI.split('.', 2).join('.');
    assert.ok(file.startsWith(`${release}/`), name);
    assert.ok(features <= (featuresOfRelease[release] ?? 0), name);
    for (const [profile, [core, coreAll, extended, extendedAll]] of Object.entries(tests)) {
      assert.ok(core <= coreAll && extended <= extendedAll, name);
      // One suite was a test ahead of its release.
      assert.ok(coreAll - (coreTests[release]?.[profile] ?? 0) <= 1, `${name} ${profile} ${coreAll}`);
    }
  }
});

test('a report with a failed or skipped test, or of other tests, is another', () => {
  const [kept] = reports;
  assert.ok(kept);
  const [profile, ...profiles] = kept.report.profiles;
  assert.ok(profile);
  const worse = {
    ...profile,
    core: { ...profile.core, result: 'failure' as const, failedTests: ['HTTPRouteWeight'] },
  };
  const other = { ...kept.report, date: '2027-01-01T00:00:00Z', profiles: [...profiles, profile] };
  assert.ok(sameFindings(kept, { ...kept, report: other }), 'the suite lists profiles in any order');
  assert.equal(sameFindings(kept, { ...kept, report: { ...other, profiles: [...profiles, worse] } }), false);
  assert.equal(sameFindings(kept, { ...kept, tests: kept.tests.slice(1) }), false);
  assert.deepEqual(shortcomings({ ...kept, report: { ...other, profiles: [worse] } }), [
    `${profile.name} core: failure (HTTPRouteWeight)`,
  ]);
});

test('a report that tells of nothing, or of more than was seen, is not good', () => {
  const [kept] = reports;
  const [profile] = kept?.report.profiles ?? [];
  assert.ok(kept && profile);
  const empty = { ...profile.core, statistics: { Passed: 0, Skipped: 0, Failed: 0 } };
  const of = (profiles: ConformanceReport['profiles'], tests = kept.tests) =>
    shortcomings({ tests, report: { ...kept.report, profiles } });
  assert.deepEqual(of([]), ['no profile was judged']);
  assert.deepEqual(of([{ ...profile, core: empty }]), [`${profile.name} core: no test passed`]);
  const { Passed: core } = profile.core.statistics;
  const { Passed: extended = 0 } = profile.extended?.statistics ?? {};
  assert.deepEqual(of([profile], []), [`${core + extended} tests were counted, and 0 seen to pass`]);
});

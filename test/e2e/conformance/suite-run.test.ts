import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimedProfiles, sampleTests } from '#e2e/conformance/protocols.ts';
import { leftOutIn, resultIn, suiteArguments, unclaimed } from '#e2e/conformance/suite-run.ts';
import type { SuiteOptions } from '#e2e/conformance/suite-run.ts';

const options: SuiteOptions = {
  program: 'suite',
  entry: ['env'],
  env: {},
  gatewayClass: 'turnpike',
  profiles: ['GATEWAY-HTTP'],
  features: null,
  selection: { kind: 'All' },
  addresses: { usable: '10.0.0.1', unusable: '192.0.2.1' },
  version: '1.2.3',
  report: 'report.yaml',
  log: 'suite.log',
  keep: false,
  timeouts: {},
};

test('a whole run leaves time-outs, features and skipping to the suite and the GatewayClass', () => {
  const words = suiteArguments(options);
  assert.ok(words.includes('-report-output=report.yaml'));
  assert.doesNotMatch(words.join(' '), /timeout|features|skip|exempt|mismatch/);
});

test('one test makes no report, as it would tell of all others that they were skipped', () => {
  const words = suiteArguments({
    ...options,
    selection: { kind: 'One', test: 'HTTPRouteWeight' },
    timeouts: { GWCMustBeAccepted: 2 },
  });
  assert.ok(words.includes('-run-test=HTTPRouteWeight'));
  assert.ok(words.includes('-timeout-config-overrides=GWCMustBeAccepted:2'));
  assert.doesNotMatch(words.join(' '), /report-output/);
});

test('some tests are chosen by their whole names, and make no report either', () => {
  const words = suiteArguments({
    ...options,
    selection: { kind: 'Some', tests: ['UDPRoute', 'HTTPRouteRetry'] },
  });
  const chosen = words.find((word) => word.startsWith('-test.run='))?.slice('-test.run='.length) ?? '';
  const [top = '', name = ''] = chosen.split('/');
  assert.match('TestConformance', new RegExp(top));
  for (const test of ['UDPRoute', 'HTTPRouteRetry']) assert.match(test, new RegExp(name));
  for (const test of ['UDPRouteReferenceGrant', 'HTTPRouteRetryWithBackendTimeout', 'MyUDPRoute'])
    assert.doesNotMatch(test, new RegExp(name));
  assert.doesNotMatch(words.join(' '), /report-output|run-test/);
});

test('the profiles that are judged are those of the kinds of route that are told', () => {
  assert.deepEqual(claimedProfiles(['Gateway', 'HTTPRoute', 'UDPRoute']), ['GATEWAY-HTTP', 'GATEWAY-UDP']);
  assert.deepEqual(sampleTests(['Gateway', 'TCPRoute', 'ListenerSet']), [
    'TCPRouteReferenceGrant',
    'ListenerSetHTTPRouting',
  ]);
});

test('results are read of the tests that ran, not of their parts nor of those left out', () => {
  assert.deepEqual(resultIn('    --- PASS: TestConformance/HTTPRouteWeight (0.46s)'), {
    name: 'HTTPRouteWeight',
    passed: true,
    seconds: 0.46,
  });
  assert.equal(resultIn('    --- FAIL: TestConformance/GatewayModifyListeners (60.05s)')?.passed, false);
  assert.equal(resultIn('        --- PASS: TestConformance/HTTPRouteWeight/Requests (0.40s)'), null);
  assert.equal(resultIn('    --- SKIP: TestConformance/UDPRoute (0.00s)'), null);
});

test('a run that left out a test for gateways is not whole, whatever its report says', () => {
  const lines = [
    '    conformance.go:56: Skipping MeshGRPCRouteWeight: suite does not support Mesh',
    '    conformance.go:56: Skipping HTTPRouteDisallowedKind: suite does not support TLSRoute',
    '    --- SKIP: TestConformance/HTTPRouteDisallowedKind (0.00s)',
  ];
  const leftOut = lines.flatMap((line) => leftOutIn(line) ?? []);
  assert.equal(leftOut.length, 2);
  assert.deepEqual(unclaimed({ leftOut }), ['HTTPRouteDisallowedKind did not run: TLSRoute is not claimed']);
});

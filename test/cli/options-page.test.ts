// The reference of the options: in step with the helps, and they with what is really taken.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { generatedFiles } from '#cli/generate.ts';
import { optionsPage, toldBy, variableOf } from '#cli/options-page.ts';
import { upArguments, upHelp } from '#cli/usage.ts';
import { controllerHelp, controllerOptions } from '#controller/usage.ts';
import { dataPlaneHelp, dataPlaneOptions } from '#dataplane/usage.ts';
import { projectFolder } from '#test/given/command.ts';

for (const [name, text] of generatedFiles()) {
  test(`${name} is what the helps say (else: npm run generate)`, () => {
    assert.equal(readFileSync(path.join(projectFolder, name), 'utf8'), text);
  });
}

for (const [program, help, options] of [
  ['controller', controllerHelp, controllerOptions],
  ['data plane', dataPlaneHelp, dataPlaneOptions],
  ['turnpike up', upHelp, upArguments],
] as const) {
  test(`the help of ${program} tells exactly the options that are taken`, () => {
    const told = toldBy(help).map(({ term }) => /^--([a-z-]+)/.exec(term)?.[1]);
    const taken = Object.keys(options);
    // Of some it goes without saying.
    assert.deepEqual(new Set(told).union(new Set(['help'])), new Set(taken));
    assert.equal(new Set(told).size, told.length);
  });
}

test('a meaning of several lines is one, and all of it is on the page', () => {
  const [told] = toldBy(
    'usage: x\n\nWords.\n\n  --state-folder X   keeps one|two,\n                     and *all*\n',
  );
  assert.deepEqual(told, { term: '--state-folder X', meaning: 'keeps one|two, and *all*' });
  assert.equal(variableOf('--state-folder X'), 'TURNPIKE_STATE_FOLDER');
});

test('the page has a row for each option of both planes, with its variable', () => {
  const page = optionsPage();
  for (const name of [...Object.keys(controllerOptions), ...Object.keys(dataPlaneOptions)]) {
    if (name === 'help') continue;
    const variable = `TURNPIKE_${name.toUpperCase().replaceAll('-', '_')}`;
    assert.match(page, new RegExp(`^\\| \`--${name} [^|]*\\| \`${variable}\` \\| .+\\|$`, 'm'));
  }
  assert.match(page, /manifests \(\\\*\.yaml/);
});

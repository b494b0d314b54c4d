import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchTriggers, type EventFacts } from '../../src/config/match.ts';
import type { JsonObject } from '../../src/core/json.ts';
import { BASE, configOf } from './adapters.ts';

const event = (type: EventFacts['type'], gitRef: string | null, metadata: JsonObject = {}): EventFacts => ({
  type,
  actor: 'ann',
  gitRef,
  commitSha: 'a'.repeat(40),
  version: null,
  metadata,
});
const push = (branch: string) => event('push', `refs/heads/${branch}`);

const config = configOf(`${BASE}
environments:
  staging: { traffic: { listen: 8081 } }
  production: {}
triggers:
  - { event: push, branches: [main, 'release/*'], paths: ['src/**', '!**/*.md'], action: deploy_staging }
  - { event: push, tags: ['v*.*.*'], action: deploy_production }
  - { event: push, branches: [main], condition: actor == "bob", action: deploy_production }
  - { event: push, branches-ignore: ['wip/**'], action: deploy_staging }
  - event: workflow_dispatch
    inputs:
      environment: { required: true, type: choice, options: [staging, production] }
      version: { required: true }
      skip_tests: { type: boolean, default: false }
`);
const told = (facts: EventFacts, paths: readonly string[] | null = null) => {
  const { matches, misses } = matchTriggers(config, facts, paths);
  return [
    ...matches.map((match) => `${match.trigger}: ${match.action} ${match.environment}: ${match.why}`),
    ...misses.map((miss) => `${miss.trigger}: no: ${miss.why}`),
  ];
};

test('a push to a branch', () => {
  assert.deepEqual(told(push('feature/x'), ['src/a.ts']), [
    '3: deploy staging: branch feature/x is not ignored',
    '0: no: branch feature/x matches none of main, release/*',
    '1: no: it is for tags only, and this is the branch feature/x',
    '2: no: branch feature/x matches none of main',
    '4: no: it waits to be asked by hand, and this is a push event',
  ]);
});

test('paths, and a second trigger for the same environment', () => {
  assert.deepEqual(told(push('main'), ['src/a.ts']).slice(0, 4), [
    '0: deploy staging: branch main matches main, release/*; src/a.ts has changed',
    '1: no: it is for tags only, and this is the branch main',
    '2: no: the condition does not hold: actor == "bob" is false',
    '3: no: trigger 0 already does the same for staging',
  ]);
  assert.equal(
    told(push('main'), ['src/readme.md', 'x'])[1],
    '0: no: none of the 2 changed paths matches src/**, !**/*.md',
  );
  assert.equal(
    told(push('main'), null)[0],
    '0: deploy staging: branch main matches main, release/*; the changed paths are unknown, so that all may be meant',
  );
});

test('tags', () => {
  assert.equal(told(event('tag', 'refs/tags/v1.2.3'))[0], '1: deploy production: tag v1.2.3 matches v*.*.*');
  assert.equal(told(event('tag', 'refs/tags/x'))[1], '1: no: tag x matches none of v*.*.*');
});

test('asked by hand', () => {
  const manual = (metadata: JsonObject) =>
    told(event('manual', 'main', metadata)).find((line) => line.startsWith('4:'));
  assert.equal(
    manual({ environment: 'staging', inputs: { version: '1.2' } }),
    '4: deploy staging: asked for by hand',
  );
  assert.equal(manual({ environment: 'staging', inputs: {} }), '4: no: the input version is required');
  assert.equal(
    manual({ environment: 'dev', inputs: { version: '1' } }),
    '4: no: the input environment should be one of staging, production',
  );
  assert.equal(
    manual({ environment: 'staging', inputs: { version: '1', skip_tests: 'yes' } }),
    '4: no: the input skip_tests should be true or false',
  );
});

test('without triggers: main and master deploy the only environment, and people any', () => {
  const plain = configOf(BASE);
  const environments = (facts: EventFacts) =>
    matchTriggers(plain, facts, null).matches.map((m) => [m.trigger, m.environment]);
  assert.deepEqual(environments(push('main')), [[0, 'production']]);
  assert.deepEqual(environments(push('master')), [[0, 'production']]);
  assert.deepEqual(environments(push('feature/x')), []);
  assert.deepEqual(environments(event('manual', 'x', { environment: 'production' })), [[null, 'production']]);
  assert.deepEqual(environments(event('manual', 'x', { environment: '__proto__' })), []);
});

test('without triggers, of several environments those with auto_deploy', () => {
  const several = configOf(
    `${BASE}environments: { dev: { auto_deploy: true, traffic: { listen: 1 } }, production: {} }`,
  );
  assert.deepEqual(
    matchTriggers(several, push('main'), null).matches.map((m) => m.environment),
    ['dev'],
  );
});

test('the single-trigger form', () => {
  const single = configOf(
    `${BASE}trigger: { event: push, branches: [trunk] }\naction: deploy_production\ncondition: actor == "ann"\n`,
  );
  assert.equal(matchTriggers(single, push('trunk'), null).matches.length, 1);
});

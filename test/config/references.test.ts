import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveReferences, unresolved } from '../../src/config/references.ts';
import { configOf } from './adapters.ts';

const config = configOf(`application: shop
target:
  command: node server.js
  env: { TOKEN: "\${SHOP_TOKEN}", URL: "https://\${HOST}/\${SHOP_TOKEN}" }
traffic: { listen: 8080 }
notification_channels:
  webhook:
    - { url: "\${HOOK_URL}", secret: "\${HOOK_SECRET}" }
`);

test('every reference is told with its place, and only those that are not set', () => {
  const told = unresolved(config, (name) => name === 'HOST').map(
    ({ line, column, path, severity }) => `${line}:${column} ${path} ${severity}`,
  );
  assert.deepEqual(told, [
    '4:17 target.env.TOKEN error',
    '4:39 target.env.URL error',
    '8:14 notification_channels.webhook[0].url error',
    '8:37 notification_channels.webhook[0].secret error',
  ]);
  assert.deepEqual(
    unresolved(config, () => true),
    [],
  );
  assert.equal(unresolved(config, () => false, 'warning')[0]?.severity, 'warning');
});

test('a reference stays a reference in what is kept', () => {
  const env = config.environments['production']?.plan.runtime.target.settings['env'];
  assert.deepEqual(env, { TOKEN: '${SHOP_TOKEN}', URL: 'https://${HOST}/${SHOP_TOKEN}' });
  assert.equal(config.webhooks[0]?.secret, '${HOOK_SECRET}');
});

test('values take the place of references, once and literally', () => {
  const values: Record<string, string> = { A: '${B}', B: '$&' };
  assert.equal(
    resolveReferences('${A}-${B}-${C}-$B', (name) => values[name]),
    '${B}-$&-${C}-$B',
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectProject } from '../../src/config/detect.ts';
import { initialConfig } from '../../src/config/initial.ts';
import { planFor } from '../../src/config/plan.ts';
import { configOf } from './adapters.ts';

const pick = (files: Record<string, string>) => {
  const { language, application, command, build, health } = detectProject(files);
  return [language, application, command, build, health];
};

test('a Node project', () => {
  const manifest = JSON.stringify({ name: '@acme/My_Shop', scripts: { start: 'node x', build: 'tsc' } });
  const server = `app.get('/healthz', (_, reply) => reply.send('ok'))`;
  assert.deepEqual(pick({ 'package.json': manifest, 'server.js': server }), [
    'node',
    'my_shop',
    'npm start',
    'npm run build',
    '/healthz',
  ]);
  assert.deepEqual(pick({ 'package.json': '{}', 'server.js': '' }), [
    'node',
    undefined,
    'node server.js',
    undefined,
    undefined,
  ]);
  assert.deepEqual(pick({ 'package.json': 'not json' }), [
    'node',
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('Python, Go, Docker, Procfile', () => {
  const pyproject = '[project]\nname = "Shop API"\ndependencies = ["uvicorn"]\n';
  assert.deepEqual(pick({ 'pyproject.toml': pyproject, 'main.py': '' }), [
    'python',
    'shop-api',
    `sh -c 'uvicorn main:app --port "$PORT"'`,
    undefined,
    undefined,
  ]);
  assert.deepEqual(pick({ 'go.mod': 'module github.com/acme/shop/v2\n' }), [
    'go',
    'shop',
    './shop',
    'go build -o shop .',
    undefined,
  ]);
  const docker = 'FROM x\nHEALTHCHECK CMD curl -f http://localhost:80/up\nCMD ["node", "server.js"]\n';
  assert.deepEqual(pick({ Dockerfile: docker }), ['docker', undefined, 'node server.js', undefined, '/up']);
  assert.deepEqual(
    pick({
      Procfile: 'web: gunicorn -b :$PORT app\nworker: x\n',
      'package.json': '{"scripts":{"start":"x"}}',
    })[2],
    `sh -c 'gunicorn -b :$PORT app'`,
  );
  assert.equal(detectProject({}).language, 'unknown');
});

test('the first configuration is at most 15 lines and sound, whatever was found', () => {
  for (const project of [
    { application: 'shop', command: 'npm start', build: 'npm run build', health: '/health' },
    { application: 'shop', command: `sh -c 'gunicorn -b :$PORT app'` },
    { application: 'null', command: 'x: "y" # z', health: null, listen: 3000, instances: 1 },
  ]) {
    const text = initialConfig(project);
    assert.ok(text.trimEnd().split('\n').length <= 15, text);
    const config = configOf(text);
    assert.equal(config.application, project.application);
    const plan = planFor(config, 'production');
    assert.equal(plan.strategy, 'canary');
    assert.deepEqual(plan.runtime.traffic.settings['listen'], {
      host: '0.0.0.0',
      port: project.listen ?? 8080,
    });
  }
});

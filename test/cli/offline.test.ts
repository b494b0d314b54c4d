import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { UpOptions } from '../../src/cli/index.ts';
import { deliverPending, keepPending } from '../../src/cli/pending.ts';
import {
  append,
  checkpointLine,
  EMPTY,
  entryBytes,
  entryLine,
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  headerLine,
  leafHashOf,
  rootOf,
  utf8,
  verifierKey,
} from '../../src/ledger/index.ts';
import { adapterSchemas } from '../../src/server/project.ts';
import { DEFAULT_KEEP } from '../../src/engine/retention.ts';
import { run, startServer, temporaryFolder } from '../support/running-cli.ts';

const shell = promisify(execFile);

test('help lists every verb, and of a verb every flag', async () => {
  const help = await run(['--help']);
  assert.equal(help.code, 0);
  for (const verb of 'init validate up deploy rollback get watch why promote pause resume abort cancel'.split(
    ' ',
  ))
    assert.match(help.out, new RegExp(`^ {2}${verb} +\\w`, 'm'));
  assert.match(help.out, /Exit codes: 0 ok, 1 failed, 2 usage/);
  assert.equal((await run([])).out, help.out);
  const deploy = await run(['deploy', '--help']);
  assert.equal(deploy.code, 0);
  assert.match(deploy.out, /--wait \[until\]/);
  assert.match(deploy.out, /--output <form>/);
  assert.equal((await run(['help', 'deploy'])).out, deploy.out);
  assert.equal((await run(['--version'])).out, '0.1.0\n');
});

test('a slip of the pen is answered with the nearest word', async () => {
  const cases: readonly [string[], RegExp][] = [
    [['deplyo'], /unknown command 'deplyo'\nnext {3}Did you mean deploy\?/],
    [['deploy', '--wiat'], /unknown option '--wiat'\nnext {3}Did you mean --wait\?/],
    [['audit', 'quary'], /unknown command 'quary'\nnext {3}Did you mean query\?/],
    [['deploy', 'now'], /too many arguments/],
    [['watch', '--timeout', 'soon'], /--timeout is a duration such as/],
    [['get', '--limit', '1e3'], /--limit is a whole number/],
    [['get', '-o', 'xml'], /Allowed choices are table, json, yaml/],
    [['audit'], /a command is missing/],
    [['edge', 'stable', '50', '--data', '/nowhere'], /stable takes all of the traffic or none/],
  ];
  for (const [argv, said] of cases) {
    const { code, out, err } = await run(['--data', '/nowhere', ...argv]);
    if (code !== 2) assert.match(err, /not running/, argv.join(' '));
    else assert.match(err, said, argv.join(' '));
    assert.equal(out, '', 'errors go to standard error');
  }
});

test('init writes a short configuration, and never over one that is there', async (t) => {
  const cwd = await temporaryFolder(t);
  const manifest = { name: '@acme/shop', scripts: { start: 'node server.js' } };
  await writeFile(join(cwd, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(cwd, 'server.js'), "app.get('/healthz', ok)");
  const io = { cwd };
  const first = await run(['init'], { io });
  assert.equal(first.code, 0, first.err);
  const text = await readFile(join(cwd, 'spillway.yaml'), 'utf8');
  assert.ok(text.trimEnd().split('\n').length <= 15);
  assert.match(text, /^application: shop$/m);
  assert.match(text, /command: npm start/);
  assert.match(text, /path: \/healthz/);
  await writeFile(join(cwd, 'spillway.yaml'), 'mine');
  const again = await run(['init'], { io });
  assert.equal(again.code, 2);
  assert.match(again.err, /stays as it is/);
  assert.equal(await readFile(join(cwd, 'spillway.yaml'), 'utf8'), 'mine');
  assert.equal((await run(['init', '--force', '--command', './run'], { io })).code, 0);
  assert.match(await readFile(join(cwd, 'spillway.yaml'), 'utf8'), /command: \.\/run/);
});

test('init takes no port that is none', async (t) => {
  const cwd = await temporaryFolder(t);
  const { code, err } = await run(['init', '--port', 'http'], { io: { cwd } });
  assert.equal(code, 2);
  assert.match(err, /--port is a whole number from 1 to 65535, not "http"/);
  assert.deepEqual(await readdir(cwd), []);
});

test('init in an empty folder says what is missing', async (t) => {
  const cwd = await temporaryFolder(t);
  const { code, out } = await run(['init'], { io: { cwd } });
  assert.equal(code, 0);
  assert.match(out, /no start command was found/);
});

test('validate knows the secrets of the data folder beside the file', async (t) => {
  const cwd = await temporaryFolder(t);
  const config =
    'application: a\ntarget: { command: ./a, env: { KEY: "${API_KEY}" } }\ntraffic: { listen: 8080 }\n';
  await writeFile(join(cwd, 'spillway.yaml'), config);
  const validate = () => run(['validate'], { io: { cwd }, commands: { adapterSchemas } });
  assert.match((await validate()).out, /\$\{API_KEY\} is not set/);
  await mkdir(join(cwd, '.spillway', 'secrets'), { recursive: true });
  await writeFile(join(cwd, '.spillway', 'secrets', 'API_KEY'), 'abc');
  assert.equal((await validate()).out, 'spillway.yaml is valid\n');
});

test('validate shows every problem with its line and a caret', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'spillway.yaml'), 'application: shop\ncanary:\n  step_durration: 10m\n');
  const { code, out } = await run(['validate'], { io: { cwd } });
  assert.equal(code, 2);
  assert.match(out, /^spillway\.yaml:3:3 {2}error: /m);
  assert.match(out, /^ {2}3 \| {3}step_durration: 10m\n {4}\| {3}\^$/m);
  assert.match(out, /nearest {3}step_duration$/m);
  const json = JSON.parse((await run(['validate', '-o', 'json'], { io: { cwd } })).out) as { valid: boolean };
  assert.equal(json.valid, false);
  assert.equal((await run(['validate', 'missing.yaml'], { io: { cwd } })).code, 2);
});

test('up starts what it is told, says where, and ends on Ctrl-C', async (t) => {
  const cwd = await temporaryFolder(t);
  const startServerWith = (seen: UpOptions[], interrupt: AbortController, closed: () => void) => ({
    startServer: (options: UpOptions) => {
      seen.push(options);
      setImmediate(() => interrupt.abort());
      const close = () => Promise.resolve(closed());
      return Promise.resolve({
        address: 'http://127.0.0.1:8321',
        socket: '/s',
        serves: ['shop/production'],
        pushWith: null,
        close,
      });
    },
  });
  assert.match((await run(['up'], { io: { cwd } })).err, /there is no spillway\.yaml here/);
  await writeFile(join(cwd, 'spillway.yaml'), 'application: shop');
  const seen: UpOptions[] = [];
  const interrupt = new AbortController();
  let closed = 0;
  const commands = startServerWith(seen, interrupt, () => closed++);
  const { out, code } = await run(['up', '--port', '0', '--log-level', 'warn'], {
    io: { cwd, interrupted: interrupt.signal },
    commands,
  });
  const listen = { host: '127.0.0.1', port: 0 };
  const dataDir = join(cwd, '.spillway');
  assert.deepEqual(seen, [
    { dir: cwd, dataDir, database: null, listen, logLevel: 'warn', keep: DEFAULT_KEEP, backups: null },
  ]);
  assert.match(out, /^spillway is up {3}http:\/\/127\.0\.0\.1:8321\n {2}shop\/production\n/);
  assert.equal(closed, 1);
  assert.equal(code, 0, 'to be asked to end is no failure');
});

test('edge stable needs no server, and says when there is no edge either', async (t) => {
  const dataDir = await temporaryFolder(t);
  await mkdir(join(dataDir, 'edge'));
  const status = await run(['--data', dataDir, 'edge', 'status']);
  assert.equal(status.code, 1);
  assert.match(status.out, /the edge does not run/);
  const stable = await run(['--data', dataDir, 'edge', 'stable', '100']);
  assert.equal(stable.code, 1);
  assert.match(stable.err, /^error {2}/);
});

/** An export as the server signs it; `forged`: by somebody who has not the key that it names. */
function signedExport(
  actors: readonly string[],
  { forged = false, signer: owner = generateKeyPairSync('ed25519') } = {},
) {
  const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();
  const { privateKey, publicKey } = owner;
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(12);
  const key = verifierKey(hash, 'spillway.test/log', raw);
  const salt = new Uint8Array(16).fill(7);
  const leaves = actors.map((actor) => leafHashOf(hash, entryBytes({ actor }), salt));
  const { frontier } = append(hash, EMPTY, leaves);
  const origin = 'spillway.test/log';
  const body = formatCheckpoint({ origin, size: actors.length, root: rootOf(hash, frontier) });
  const signer = forged ? generateKeyPairSync('ed25519').privateKey : privateKey;
  const signature = sign(null, utf8(body), signer);
  const note = formatNote({ body, signatures: [{ name: key.name, keyId: key.id, signature }] });
  const text = [
    headerLine({ origin, publicKey: formatVerifierKey(key) }),
    ...actors.map((actor, index) => entryLine(index, salt, { actor }, leaves[index])),
    checkpointLine(note),
  ].join('\n');
  return { text: `${text}\n`, key: formatVerifierKey(key) };
}

test('audit verify proves an export, and names the entry that was altered', async (t) => {
  const cwd = await temporaryFolder(t);
  const { text, key } = signedExport(['ada', 'grace', 'mallory']);
  const file = async (name: string, content: string) => writeFile(join(cwd, name), content);
  await file('log.jsonl', text);
  await file('key', `${key}\n`);
  await file('other', `${signedExport(['x']).key}\n`);
  await file('altered', text.replace('mallory', 'someone'));
  await file('cut', text.split('\n').slice(0, 3).join('\n'));
  const verify = (...argv: string[]) => run(['audit', 'verify', ...argv], { io: { cwd } });
  const proved = await verify('log.jsonl', '--key', 'key');
  assert.equal(proved.code, 0, proved.out);
  assert.match(proved.out, /^proved: 3 entries of spillway\.test\/log, whole and unaltered\n/);
  assert.match((await verify('log.jsonl')).out, /held to its own key/);
  const altered = await verify('altered', '--key', 'key');
  assert.equal(altered.code, 1);
  assert.match(altered.out, /line 4, entry 2: entry, salt and leaf do not belong together/);
  assert.equal((await verify('cut')).code, 1);
  await file('forged', signedExport(['ada', 'mallory'], { forged: true }).text);
  assert.match((await verify('forged')).out, /NOT proved[\s\S]*is not signed by spillway\.test\/log/);
  assert.equal((await verify('log.jsonl', '--key', 'other')).code, 1, 'signed by somebody else');
  assert.equal((await run(['audit', 'verify', '-'], { io: { cwd }, stdin: text })).code, 0);
  assert.equal((await verify('none')).code, 2);
});

test('audit verify --since notices that an earlier export was cut short or rewritten', async (t) => {
  const cwd = await temporaryFolder(t);
  const signer = generateKeyPairSync('ed25519');
  const keep = (name: string, actors: readonly string[]) =>
    writeFile(join(cwd, name), signedExport(actors, { signer }).text);
  await keep('earlier', ['ada', 'grace']);
  await keep('grown', ['ada', 'grace', 'mallory']);
  await keep('rewritten', ['ada', 'somebody', 'mallory']);
  await keep('cut', ['ada']);
  await writeFile(join(cwd, 'broken'), 'no export\n');
  const verify = (name: string, since: string) =>
    run(['audit', 'verify', name, '--since', since], { io: { cwd } });
  assert.equal((await verify('grown', 'earlier')).code, 0);
  assert.equal((await verify('earlier', 'earlier')).code, 0);
  assert.match((await verify('cut', 'earlier')).out, /the log had 2 entries before, the export has 1/);
  assert.match(
    (await verify('rewritten', 'earlier')).out,
    /the first 2 entries are not those of the state that was kept/,
  );
  const unusable = await verify('grown', 'broken');
  assert.notEqual(unusable.code, 0);
  assert.match(unusable.err, /the export to compare with is not proved itself/);
});

test('audit export writes a whole file or none', async (t) => {
  const { controlPlane, dataDir } = await startServer(t);
  const { text } = signedExport(['ada']);
  controlPlane.audit = text.trimEnd().split('\n');
  const io = { cwd: dataDir };
  const toFile = await run(['--data', dataDir, 'audit', 'export', '-f', 'log.jsonl'], { io });
  assert.equal(toFile.code, 0, toFile.err);
  assert.equal(await readFile(join(dataDir, 'log.jsonl'), 'utf8'), text);
  assert.equal((await run(['--data', dataDir, 'audit', 'export'])).out, text);
  controlPlane.exportAudit = async function* () {
    yield 'a line';
    throw new Error('gone');
  };
  const broken = await run(['--data', dataDir, 'audit', 'export', '-f', 'broken.jsonl'], { io });
  assert.equal(broken.code, 1);
  assert.ok((await readdir(dataDir)).every((name) => !name.startsWith('broken')));
});

test('a hook is installed into a real repository, and never over another', async (t) => {
  const cwd = await temporaryFolder(t);
  await shell('git', ['init', '--bare', '--quiet', join(cwd, 'shop.git')]);
  const install = () =>
    run(['--data', join(cwd, 'data'), 'hook', 'install', 'shop.git', '--app', 'shop'], { io: { cwd } });
  const first = await install();
  assert.equal(first.code, 0, first.err);
  const path = join(cwd, 'shop.git', 'hooks', 'post-receive');
  const call = `exec /usr/bin/spillway --data ${join(cwd, 'data')} hook post-receive --app shop`;
  assert.ok((await readFile(path, 'utf8')).includes(call));
  assert.equal((await stat(path)).mode & 0o111, 0o111);
  assert.equal((await install()).code, 0, 'its own it may write again');
  await writeFile(path, '#!/bin/sh\nmine\n');
  const refused = await install();
  assert.equal(refused.code, 1);
  assert.match(refused.err, /stays as it is[\s\S]*pass its standard input on to: /);
  assert.equal(await readFile(path, 'utf8'), '#!/bin/sh\nmine\n');
  assert.match(
    (await run(['--data', cwd, 'hook', 'install', '.'], { io: { cwd } })).err,
    /no Git repository/,
  );
});

const PUSH = `${'0'.repeat(40)} ${'a'.repeat(40)} refs/heads/main\n`;

test('a push is reported, and the pusher told what it leads to', async (t) => {
  const { controlPlane, dataDir } = await startServer(t);
  const world = controlPlane.world();
  const ingest = controlPlane.ingest.bind(controlPlane);
  controlPlane.ingest = async (trigger, request) => {
    await ingest(trigger, request);
    world.request('0198f3a2-7c1e-7a4b-9d2e-5c6b7a00beef', {}, { event: 'push-1', version: '1.2.0' });
    controlPlane.sync();
    const details = { event: 'push-1', reason: 'trigger 0' };
    controlPlane.system({ type: 'event.matched', at: world.now, actor: 'ada', details });
    return { status: 'accepted', event: 'push-1' };
  };
  const { code, out } = await run(['--data', dataDir, 'hook', 'post-receive', '--app', 'shop'], {
    stdin: PUSH,
  });
  assert.equal(code, 0);
  assert.equal(
    out,
    'spillway: deployment 00beef of shop 1.2.0 to production requested; follow: spillway watch 00beef\n',
  );
  const [sent] = controlPlane.received;
  assert.equal(sent?.trigger, 'git');
  const body = JSON.parse(Buffer.from(sent?.request.body ?? []).toString()) as Record<string, string>;
  assert.deepEqual(
    [body['newSha'], body['ref'], body['actor'], body['application']],
    ['a'.repeat(40), 'refs/heads/main', 'ada', 'shop'],
  );
});

test('a push never fails: without a server it is kept, and delivered once', async (t) => {
  const dataDir = await temporaryFolder(t);
  const { code, out } = await run(['--data', dataDir, 'hook', 'post-receive'], { stdin: PUSH });
  assert.equal(code, 0);
  assert.match(out, /main: the server is not running; the push is kept and reported when it starts/);
  const odd = await run(['--data', dataDir, 'hook', 'post-receive'], { stdin: 'x'.repeat(2_000_000) });
  assert.equal(odd.code, 0);
  assert.match(odd.out, /the push was not reported/);
  await writeFile(join(dataDir, 'pending-events', 'torn.json'), '{"trigger":');
  await keepPending(dataDir, {
    trigger: 'git',
    deliveryId: 'later',
    body: '{}',
    at: Number.MAX_SAFE_INTEGER,
  });
  const seen: string[] = [];
  const taken = await deliverPending(dataDir, (event) => {
    seen.push(event.deliveryId);
    return event.deliveryId === 'later' ? Promise.reject(new Error('not now')) : Promise.resolve();
  });
  assert.equal(taken.delivered, 1);
  assert.equal(seen.at(-1), 'later', 'oldest first');
  assert.deepEqual(new Set(taken.left.map((path) => basename(path))), new Set(['later.json', 'torn.json']));
  const again = await deliverPending(dataDir, () => Promise.resolve());
  assert.equal(again.delivered, 1);
  assert.equal((await deliverPending(join(dataDir, 'none'), () => Promise.resolve())).delivered, 0);
});

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { JsonObject } from '../../../src/core/json.ts';
import { milliseconds, minutes, seconds, type Duration } from '../../../src/core/time.ts';
import { createCommandGate } from '../../../src/gates/command/index.ts';
import type { GateContext, GateRunner } from '../../../src/ports/gate.ts';
import { gateContext, gateContract, gatePlan } from '../../contracts/gate.ts';
import { hostSystem } from '../../../src/exec/system.ts';
import { processesWith } from '../../targets/rig.ts';

const SECRET = 'tok-αβγ-0123456789';
const secrets = (name: string) => (name === 'TOKEN' ? SECRET : undefined);

let root: string;
let artifact: string;
let runner: GateRunner;

function makeRunner(): GateRunner {
  root = mkdtempSync(join(tmpdir(), 'spillway-gate-'));
  artifact = join(root, 'artifact');
  mkdirSync(artifact);
  writeFileSync(join(artifact, 'figures.json'), '{"coverage": 0.71}');
  // A shorter grace than the usual, for the tests' sake: the sleep is the runner's only clock for it.
  const system = { ...hostSystem, sleep: (wait: Duration) => hostSystem.sleep(milliseconds(wait / 10)) };
  return createCommandGate({ dir: join(root, 'gates'), system, secrets, secretValues: () => [SECRET] });
}
const remove = () => rmSync(root, { recursive: true });
const sh = (script: string, more: JsonObject = {}): JsonObject => ({
  command: ['sh', '-c', script],
  ...more,
});

gateContract('command', async () => {
  runner = makeRunner();
  return {
    runner,
    type: 'command',
    artifact,
    passing: sh('test "$PWD" != "$0"; echo fine; touch written'),
    failing: sh('rm figures.json; exit 1'),
    warning: sh('true', { conditions: { coverage: '>= 80%' }, on_missing: 'warn' }),
    endless: sh('sleep 600'),
    running: () => processesWith('SPILLWAY_GATE=test').length > 0,
    remove: async () => remove(),
  };
});

describe('the command gate', () => {
  beforeEach(() => {
    runner = makeRunner();
  });
  afterEach(remove);

  const run = (settings: JsonObject, more: Partial<GateContext> = {}, timeout = minutes(1)) =>
    runner.run(gatePlan('command', settings, timeout), gateContext(artifact, more));
  const logOf = (outcome: { evidence: string | null }) => readFileSync(outcome.evidence ?? '', 'utf8');
  const left = () => processesWith('SPILLWAY_GATE=test');

  describe('judges', () => {
    it('figures by their conditions, in words', async () => {
      const outcome = await run(
        sh('cp figures.json $SPILLWAY_FIGURES', { conditions: { coverage: '>= 80%' } }),
      );
      assert.deepEqual(
        [outcome.verdict, outcome.reason, outcome.figures],
        ['fail', 'coverage 71% is not >= 80%', { coverage: 0.71, errors: 0, exit_code: 0 }],
      );
    });

    it('conditions as a plan keeps them', async () => {
      const condition = { figure: 'errors', operator: '==', value: 0, unit: 'number', text: 'errors == 0' };
      assert.equal((await run(sh('true', { conditions: [condition] }))).verdict, 'pass');
      assert.equal((await run(sh('false', { conditions: [condition] }))).verdict, 'fail');
    });

    it('figures inside others, and texts', async () => {
      const write = `echo '{"jest": {"lines": "85%"}, "license_compliance": "pass"}' > $SPILLWAY_FIGURES`;
      const conditions = { 'jest.lines': '>= 80%', license_compliance: 'pass' };
      assert.equal((await run(sh(write, { conditions }))).verdict, 'pass');
    });

    it('a failed command as failed, unless a condition is about its exit code', async () => {
      const write = 'cp figures.json $SPILLWAY_FIGURES; echo three tests failed; exit 3';
      const conditions = { coverage: '>= 50%' };
      const outcome = await run(sh(write, { conditions }));
      assert.deepEqual([outcome.verdict, outcome.reason], ['fail', 'exited with code 3: three tests failed']);
      assert.equal(
        (await run(sh(write, { conditions: { ...conditions, exit_code: '<= 3' } }))).verdict,
        'pass',
      );
    });

    it('a missing figure as failed, or as a warning where that was asked for', async () => {
      const outcome = await run(sh('true', { conditions: { coverage: '>= 80%' } }));
      assert.deepEqual([outcome.verdict, outcome.reason], ['fail', 'coverage is not among the figures']);
      const both = { conditions: { coverage: '>= 80%', errors: 1 }, on_missing: 'warn' };
      assert.equal((await run(sh('true', both))).verdict, 'fail', 'what is known counts first');
    });

    it('a command that is not there, is no program, or is ended by a signal', async () => {
      assert.equal((await run({ command: ['no-such-tool'] })).reason, 'command not found: no-such-tool');
      assert.match((await run({ command: ['./figures.json'] })).reason, /EACCES/);
      assert.equal((await run(sh('echo ouch; kill -SEGV $$'))).reason, 'sh was ended by SIGSEGV: ouch');
    });

    it('wrong settings as failed: trying again would not help', async () => {
      const outcome = await run(sh('true', { conditions: { coverage: '< 500ms' } }));
      assert.equal(outcome.verdict, 'fail');
      assert.match(outcome.reason, /coverage cannot be compared with 500ms/);
      assert.match((await run(sh('true', { env: { A: '${NOBODY}' } }))).reason, /NOBODY/);
    });
  });

  describe('gives values from outside as they are', () => {
    for (const ref of [
      'refs/heads/$(rm -rf x)`touch y`;touch z',
      '--upload-pack=touch evil',
      'a\nb\r\nc\t"\'\\',
      'refs/heads/émoji-🚀',
    ])
      it(JSON.stringify(ref), async () => {
        const outcome = await run(sh('printf %s "$SPILLWAY_REF" > ../got; ls -A; cat ../got'), { ref });
        assert.equal(logOf(outcome), `figures.json\n${ref}`);
      });

    it('and fails a NUL, which no environment can hold', async () => {
      assert.equal((await run(sh('true'), { ref: 'a\0b' })).verdict, 'fail');
    });
  });

  describe('ends a command whole', () => {
    it('with a grandchild, when both ignore SIGTERM', async () => {
      const script = `trap '' TERM; sh -c "trap '' TERM; while :; do sleep 1; done" & while :; do sleep 1; done`;
      const outcome = await run(sh(script), {}, milliseconds(300));
      assert.equal(outcome.verdict, 'fail');
      assert.deepEqual(left(), []);
    });

    it('with one that has left its session', async () => {
      await run(sh('setsid sleep 600 & sleep 600'), {}, milliseconds(300));
      assert.deepEqual(left(), []);
    });

    it('also when it ends by itself and leaves something in the background, which holds its output', async () => {
      const outcome = await run(sh('sleep 600 & setsid sleep 600 & echo done'));
      assert.deepEqual([outcome.verdict, logOf(outcome)], ['pass', 'done\n']);
      assert.deepEqual(left(), []);
    });

    it('also when it was left by a Spillway that was killed', async () => {
      const abandoned = run(sh('sleep 600'), {}, minutes(1));
      while (left().length === 0) await hostSystem.sleep(milliseconds(10));
      await run(sh('true'));
      assert.deepEqual(left(), []);
      assert.equal((await abandoned).verdict, 'fail');
    });

    it('and asks first', async () => {
      const script = `trap 'echo bye; exit 0' TERM; while :; do sleep 0.05; done`;
      const outcome = await run(sh(script), {}, milliseconds(300));
      assert.match(logOf(outcome), /bye\n/);
      assert.equal(outcome.reason, 'took longer than 300ms');
    });
  });

  describe('keeps output', () => {
    it('up to a size, with the end of what was too much', async () => {
      const outcome = await run(
        sh('head -c 50000000 /dev/zero | tr "\\0" x; echo; echo the last line; exit 1'),
      );
      assert.ok(statSync(outcome.evidence ?? '').size < 11_000_000);
      assert.match(logOf(outcome).slice(-200), /the last line\n/);
      assert.match(logOf(outcome).slice(9_999_900, 10_000_200), /bytes are left out/);
      assert.equal(outcome.reason, 'exited with code 1: the last line');
    });

    it('without secrets, wherever they turn up', async () => {
      const half = Buffer.from(SECRET).length / 2;
      const script = `printf %s "$T" | head -c ${half}; sleep 0.1; printf %s "$T" | tail -c +${half + 1}; echo
        echo "$T" >&2; echo "{\\"$T\\": 1, \\"note\\": \\"is $T\\"}" > $SPILLWAY_FIGURES; sleep 0.1; echo "last $T"; exit 1`;
      const outcome = await run(sh(script, { env: { T: '${TOKEN}' } }));
      assert.doesNotMatch(logOf(outcome), /tok-|0123/);
      assert.match(logOf(outcome), /\*\*\*/);
      assert.equal(outcome.reason, 'exited with code 1: last ***');
      assert.doesNotMatch(JSON.stringify(outcome), /0123456789/);
    });

    it('in a folder that is only the owner’s, and nothing else', async () => {
      const outcome = await run(sh('touch a; chmod 000 a; mkdir b'));
      assert.equal(statSync(outcome.evidence ?? '').mode & 0o777, 0o600);
      assert.deepEqual(readdirSync(join(root, 'gates', 'd1')), ['test.log']);
    });
  });

  describe('reads figures without being led astray', () => {
    const conditions = { coverage: '>= 80%' };
    for (const [what, script, reason] of [
      ['not JSON', 'echo "coverage: 90" > $SPILLWAY_FIGURES', /not JSON/],
      ['no object', 'echo "[1]" > $SPILLWAY_FIGURES', /not a JSON object/],
      ['a FIFO', 'mkfifo $SPILLWAY_FIGURES', /not a regular file/],
      ['a folder', 'mkdir $SPILLWAY_FIGURES', /not a regular file/],
      ['a link', 'ln -s $PWD/figures.json $SPILLWAY_FIGURES', /ELOOP/],
      ['huge', 'head -c 5000000 /dev/zero > $SPILLWAY_FIGURES', /larger than/],
      ['endless', 'ln -s /dev/zero $SPILLWAY_FIGURES', /ELOOP/],
      [
        'deep',
        `(yes '{"a":' | head -n 50; echo 1; yes '}' | head -n 50) > $SPILLWAY_FIGURES`,
        /nested deeper/,
      ],
    ] as const)
      it(what, async () => {
        const outcome = await run(sh(script, { conditions }), {}, seconds(10));
        assert.equal(outcome.verdict, 'fail');
        assert.match(outcome.reason, reason);
        assert.equal((await run(sh(script))).verdict, 'fail', 'without conditions too');
      });

    it('a name that an object inherits is no figure', async () => {
      const script = `echo '{"__proto__": {"coverage": 1}}' > $SPILLWAY_FIGURES`;
      assert.equal((await run(sh(script, { conditions }))).reason, 'coverage is not among the figures');
    });
  });
});

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Plan } from '../../src/core/plan.ts';
import { minutes, seconds } from '../../src/core/time.ts';
import { weightOf } from '../../src/core/weights.ts';
import type { ArmTick } from '../../src/judge/index.ts';
import { Replay } from '../../src/replay/replay.ts';
import { LANE, PLAN } from '../core/given.ts';
import { arm, NOON, tick } from './ticks.ts';

const POLICY: Plan = {
  ...PLAN,
  steps: [1, 10, 50, 100].map((percent) => ({
    weight: weightOf(percent),
    minimum: seconds(60),
    maximum: minutes(10),
  })),
  soak: minutes(1),
  deadlines: { ...PLAN.deadlines, deploying: minutes(15) },
};

const begun = (plan: Partial<Plan> = {}, more: Partial<ConstructorParameters<typeof Replay>[0]> = {}) =>
  new Replay({
    cast: { lane: LANE, canary: '1.5.0', stable: '1.4.0', plan: { ...POLICY, ...plan } },
    arms: 'mirrored',
    unit: 'request',
    history: [],
    seed: 1,
    startedAt: NOON,
    intervalMs: 1000,
    ...more,
  });

/** Plays equal ticks until the end. */
function play(replay: Replay, from: number, to: number, canary: ArmTick, baseline = arm(200, 2)): void {
  for (let second = from; second <= to; second++) replay.observe(tick(second, canary, baseline));
}

const told = (replay: Replay) =>
  replay.result().story.map(({ afterMs, text }) => `${afterMs / 1000}s ${text}`);

describe('a policy played on a trace', () => {
  it('walks a healthy release through its steps at the times that the plan says', () => {
    const replay = begun();
    play(replay, 1, 600, arm(200, 2));
    const result = replay.result();
    assert.equal(result.outcome, 'promoted');
    const shifts = told(replay).filter((line) => line.includes('of the traffic reaches'));
    assert.deepEqual(shifts, [
      '0s 1% of the traffic reaches the new version',
      '60s 10% of the traffic reaches the new version',
      '120s 50% of the traffic reaches the new version',
      '180s 100% of the traffic reaches the new version',
    ]);
    assert.equal(result.decidedAfterMs, 240_000);
    assert.ok(told(replay).includes('240s 1.5.0 is live'));
    assert.ok(told(replay).at(-1)?.endsWith('completed'), told(replay).at(-1));
    assert.equal(result.weight, 100);
    assert.equal(result.drawn.canary.again, 0);
    const [track] = result.track;
    assert.equal(track?.weight, 1);
  });

  it('rolls a dead release back at once, and counts who met it', () => {
    const replay = begun({
      steps: [{ weight: weightOf(10), minimum: seconds(60), maximum: minutes(10) }, ...POLICY.steps.slice(2)],
    });
    play(replay, 1, 120, arm(200, 200));
    const result = replay.result();
    assert.equal(result.outcome, 'rolled_back');
    assert.ok((result.decidedAfterMs ?? Infinity) <= 3000, `${result.decidedAfterMs}`);
    assert.ok(result.exposed.requests <= 80, `${result.exposed.requests}`);
    assert.equal(result.exposed.errors, result.exposed.requests);
    assert.equal(result.weight, 0);
    assert.equal(result.track.at(-1)?.weight, 0);
    assert.match(told(replay).at(-1) ?? '', /rolling back to 1\.4\.0: .* requests failed/);
  });

  it('finds a doubling that begins later, and not before', () => {
    const replay = begun({
      steps: POLICY.steps.map((step) => ({ ...step, minimum: minutes(5), maximum: minutes(10) })),
    });
    play(replay, 1, 420, arm(400, 4), arm(400, 4));
    play(replay, 421, 1100, arm(400, 12), arm(400, 4));
    const result = replay.result();
    assert.equal(result.outcome, 'rolled_back');
    assert.ok((result.decidedAfterMs ?? 0) > 420_000, `${result.decidedAfterMs}`);
  });

  it('is the same for the same seed', () => {
    const once = () => {
      const replay = begun({}, { arms: 'split' });
      play(replay, 1, 200, arm(3, 1), arm(197, 2));
      return replay.result();
    };
    assert.deepEqual(once(), once());
    assert.ok(once().drawn.canary.again > 0);
  });

  it('never passes without data, and goes the way that the plan says when the time is over', () => {
    for (const [onInconclusive, outcome] of [
      ['pause', 'undecided'],
      ['rollback', 'rolled_back'],
    ] as const) {
      const replay = begun({ onInconclusive });
      play(replay, 1, 900, arm(0, 0), arm(200, 2));
      const result = replay.result();
      assert.equal(result.outcome, outcome);
      assert.equal(result.exposed.requests, 0);
      if (onInconclusive === 'pause')
        assert.match(result.paused?.reason ?? '', /^no clear verdict after 605 s/);
    }
  });

  it('takes telemetry that stays away for missing, also in the middle of a trace', () => {
    const replay = begun();
    play(replay, 1, 30, arm(200, 2));
    play(replay, 90, 95, arm(200, 2));
    assert.ok(told(replay).some((line) => line.startsWith('60.001s verdict warning: the last telemetry is')));
    const rare = begun({}, { intervalMs: 60_000 });
    for (let minute = 1; minute < 30; minute++) rare.observe(tick(60 * minute, arm(2000, 20), arm(2000, 20)));
    assert.equal(rare.result().outcome, 'promoted', told(rare).join('\n'));
  });

  it('is undecided when the trace ends first', () => {
    const replay = begun();
    play(replay, 1, 90, arm(200, 2));
    const { outcome, decidedAfterMs, weight, endedAt } = replay.result();
    assert.deepEqual([outcome, decidedAfterMs, weight, endedAt], ['undecided', null, 10, NOON + 90_000]);
  });
});

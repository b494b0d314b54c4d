import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LaneEvent } from '../../src/core/events.ts';
import { instant, minutes, seconds } from '../../src/core/time.ts';
import { weightOf } from '../../src/core/weights.ts';
import { auditEventOf } from '../../src/views/audit.ts';
import { figuresOf } from '../../src/views/figures.ts';
import { mayMean, shortId } from '../../src/views/ids.ts';
import { tell } from '../../src/views/sentence.ts';
import { summaryOf } from '../../src/views/summary.ts';
import { deploymentTree } from '../../src/views/tree.ts';
import { whyOf } from '../../src/views/why.ts';
import { count, lasting, odds, rate, roughly } from '../../src/views/words.ts';
import { World } from '../core/given.ts';
import { FakeControlPlane, id } from '../support/fake-control-plane.ts';
import {
  advance,
  eventsOf,
  failCanary,
  look,
  midCanary,
  NOON,
  serve,
  startCanary,
} from '../support/history.ts';

const begun = () => midCanary(new FakeControlPlane());

describe('words', () => {
  it('write numbers as people read them', () => {
    assert.equal(count(1234567), '1,234,567');
    assert.equal(rate(0, 0), null);
    assert.equal(rate(12, 250), '4.8%');
    assert.equal(rate(3, 10_000), '0.03%');
    assert.equal(rate(1, 3), '33%');
    assert.equal(odds(Math.log(340)), '340:1');
    assert.equal(odds(-Math.log(20)), '1:20');
    assert.equal(odds(1000), 'over 1,000,000,000:1');
    assert.equal(odds(0), '1:1');
  });

  it('write lengths of time', () => {
    assert.equal(lasting(512_000), '8m 32s');
    assert.equal(lasting(340), '340ms');
    assert.equal(lasting(-5), '0s');
    assert.equal(roughly(512_000), '8m');
    assert.equal(roughly(200), '0s');
  });
});

describe('short ids', () => {
  it('are the end of an id, which tells ids of one moment apart', () => {
    assert.equal(shortId(id('3f9a2c')), '3f9a2c');
    assert.ok(mayMean(id('3f9a2c'), '3f9a2c'));
    assert.ok(mayMean(id('3f9a2c'), 'a2c'));
    assert.ok(mayMean(id('3f9a2c'), '5c6b7a3F9A2C'));
    assert.ok(mayMean(id('3f9a2c'), id('3f9a2c')));
  });

  it('are not guessed from next to nothing', () => {
    assert.ok(!mayMean(id('3f9a2c'), '2c'));
    assert.ok(!mayMean(id('3f9a2c'), ''));
    assert.ok(!mayMean(id('3f9a2c'), '3f9a2d'));
  });
});

describe('figures', () => {
  it('come from the record of the judge as it is kept', () => {
    const { record } = look(NOON, 0.06, 5);
    const figures = figuresOf(JSON.parse(JSON.stringify(record)));
    assert.ok(figures);
    assert.equal(figures.stable.requests / figures.canary.requests, 9);
    const { harm } = figures;
    assert.ok(harm?.shown && harm.logE >= harm.needed, 'harm is shown');
    assert.ok(Math.abs(harm.needed - Math.log(1000)) < 1e-9);
    assert.equal(harm.next, 'rolls back');
    const early = figuresOf(look(NOON, 0.012, 5).record)?.harm;
    assert.deepEqual([early?.shown, early?.next], [false, 'retreats']);
    assert.ok(Math.abs((early?.needed ?? 0) - Math.log(100)) < 1e-9);
  });

  it('are none for a record of another kind, or a broken one', () => {
    for (const record of [
      null,
      {},
      'text',
      { evidence: 3 },
      { evidence: { alpha: 'x' } },
      { evidence: { alpha: 0.01 } },
    ])
      assert.equal(figuresOf(record), null);
  });

  it('are those of the moment when harm was shown', () => {
    const early = look(NOON, 0.06, 5).record.evidence;
    const { record } = look(NOON, 0.01, 40);
    assert.equal(figuresOf({ ...record, issue: early })?.canary.requests, early.canary.requests);
  });
});

describe('a deployment in one line', () => {
  it('tells its version before it is built, and its weight while it is rolled out', () => {
    const world = new World();
    const deployment = world.request(
      '0198f3a2-7c1e-7a4b-9d2e-5c6b7a00beef',
      {},
      { commit: '8c1f2e9'.padEnd(40, '0') },
    );
    assert.equal(summaryOf(world.get(deployment)).version, '8c1f2e9');
    assert.equal(summaryOf(world.get(deployment)).weight, null);
    const { world: later, deployment: canary } = begun();
    const { version, weight, step, steps, state } = summaryOf(later.get(canary));
    assert.deepEqual([version, weight, step, steps, state], ['1.5.0', 25, 2, 3, 'deploying']);
  });

  it('tells how it ended', () => {
    const { world, deployment } = begun();
    failCanary(world, deployment);
    const { state, ended, rolledBack, reason } = summaryOf(world.get(deployment));
    assert.deepEqual([state, ended, rolledBack], ['failed', true, true]);
    assert.match(reason ?? '', /errors 6%/);
  });
});

describe('the tree of a deployment', () => {
  const treeAt = (world: World, deployment: ReturnType<typeof id>) =>
    deploymentTree(
      world.get(deployment),
      { events: eventsOf(world, deployment), assessment: null },
      world.now,
    );
  const marks = (tree: ReturnType<typeof treeAt>) => tree.stages.map(({ name, mark }) => `${name} ${mark}`);

  it('shows what lies ahead, and nothing that will not happen', () => {
    const world = new World();
    const deployment = world.request(id('1'));
    assert.deepEqual(marks(treeAt(world, deployment)), [
      'validating active',
      'building waiting',
      'testing waiting',
      'deploying waiting',
      'verifying waiting',
      'monitoring waiting',
    ]);
  });

  it('leaves the gates out of a rollback', () => {
    const { world, deployment } = begun();
    failCanary(world, deployment);
    const { serving } = world.lane.environment;
    const back = world.request(id('2'), {}, { revision: serving });
    const names = treeAt(world, back).stages.map(({ name }) => name);
    assert.ok(!names.includes('building') && !names.includes('testing'), names.join());
  });

  it('counts a step until its minimum, and then until its maximum', () => {
    const { world, deployment } = begun();
    world.pass(minutes(4));
    const step = () => treeAt(world, deployment).rollout?.step;
    assert.deepEqual(step(), {
      elapsedMs: minutes(4),
      lengthMs: minutes(10),
      leftMs: minutes(6),
      beyondMinimum: false,
    });
    world.pass(minutes(8));
    assert.deepEqual(step(), {
      elapsedMs: minutes(12),
      lengthMs: minutes(20),
      leftMs: minutes(8),
      beyondMinimum: true,
    });
  });

  it('prefers the latest look of the judge to the last event, until it is over', () => {
    const { world, deployment } = begun();
    const assessment = look(world.now, 0.06, 5);
    const known = { events: eventsOf(world, deployment), assessment };
    assert.equal(deploymentTree(world.get(deployment), known, world.now).rollout?.verdict?.name, 'issue');
    advance(world, deployment);
    failAfterwards(world, deployment);
    const over = { events: eventsOf(world, deployment), assessment: look(world.now, 0.01, 40) };
    assert.equal(deploymentTree(world.get(deployment), over, world.now).rollout?.verdict?.name, 'issue');
  });

  it('measures the way back from the decision to no traffic', () => {
    const { world, deployment } = begun();
    failCanary(world, deployment);
    const { rollback, stages, outcome, rollout } = treeAt(world, deployment);
    assert.equal(rollback?.zeroAfterMs, seconds(2));
    assert.equal(rollback?.to, '1.4.0');
    assert.equal(stages.at(-1)?.mark, 'done', 'the rollback itself went well');
    assert.equal(outcome?.mark, 'failed');
    assert.deepEqual(
      rollout?.steps.map(({ mark }) => mark),
      ['done', 'failed', 'skipped'],
    );
  });

  it('shows a failed rollback as one', () => {
    const { world, deployment } = begun();
    world.feed({ type: 'abort', deployment, reason: 'it smells' });
    for (let i = 0; i < 50 && world.state(deployment) === 'rolling_back'; i++) world.pass(minutes(2));
    assert.equal(world.state(deployment), 'failed');
    const tree = treeAt(world, deployment);
    assert.equal(tree.stages.at(-1)?.mark, 'failed');
    assert.match(tree.outcome?.text ?? '', /could NOT be rolled back/);
    const why = whyOf(world.get(deployment), eventsOf(world, deployment), null);
    assert.deepEqual(
      why.next.map(({ command }) => command),
      ['spillway edge stable 100', 'spillway env unlock shop/production --reason ...'],
    );
  });
});

function failAfterwards(world: World, deployment: ReturnType<typeof id>): void {
  if (world.state(deployment) === 'deploying') failCanary(world, deployment);
}

describe('why', () => {
  it('says what to do in every state a deployment can be in', () => {
    const world = new World();
    world.now = NOON;
    const seen = new Set<string>();
    const check = (deployment: ReturnType<typeof id>) => {
      const why = whyOf(world.get(deployment), eventsOf(world, deployment), null);
      seen.add(world.state(deployment));
      assert.ok(why.headline.length > 0);
      assert.ok(why.next.length > 0, `${world.state(deployment)} has a next step`);
    };
    check(serve(world));
    const canary = startCanary(world);
    check(canary);
    world.feed({ type: 'pause', deployment: canary, reason: 'x' });
    check(canary);
    world.feed({ type: 'abort', deployment: canary, reason: 'x' });
    check(canary);
    const waiting = world.request(id('3'));
    check(waiting);
    for (const kind of ['preflight', 'build'] as const) {
      world.answer(waiting, kind);
      check(waiting);
    }
    world.feed({ type: 'cancel', deployment: waiting, reason: 'x' });
    check(waiting);
    const wanted = [
      'completed',
      'deploying',
      'rolling_back',
      'validating',
      'building',
      'approved',
      'rejected',
    ];
    for (const state of wanted) assert.ok(seen.has(state), `${state} was seen: ${[...seen].join()}`);
  });

  it('gives no reason twice', () => {
    const { world, deployment } = begun();
    failCanary(world, deployment);
    const { evidence, story, headline } = whyOf(world.get(deployment), eventsOf(world, deployment), null);
    const said = [headline, ...evidence.map(({ reason }) => reason), ...story.map(({ text }) => text)].join(
      '\n',
    );
    assert.equal(said.split('errors 6%').length - 1, 1);
    const other = begun();
    other.world.feed({ type: 'abort', deployment: other.deployment, reason: 'it smells' });
    other.world.answer(other.deployment, 'shift');
    other.world.answer(other.deployment, 'retire');
    const aborted = whyOf(other.world.get(other.deployment), eventsOf(other.world, other.deployment), null);
    assert.equal(aborted.story.filter(({ text }) => text.includes('it smells')).length, 1);
  });
});

describe('events in words', () => {
  it('tell of the server, too', () => {
    const event = { at: instant(0), actor: 'ada', details: { reason: 'paths did not match' } } as const;
    assert.deepEqual(tell({ ...event, type: 'event.ignored' }), {
      tone: 'plain',
      text: 'event ignored: paths did not match',
    });
    assert.equal(tell({ ...event, type: 'event.rejected' }).tone, 'warn');
  });

  it('tell every event that a canary and its rollback leave', () => {
    const { world, deployment } = begun();
    failCanary(world, deployment);
    for (const event of world.log) assert.ok(tell(event).text.length > 3, event.type);
    const shifted: LaneEvent = {
      type: 'traffic.shifted',
      at: NOON,
      actor: 'spillway',
      deployment,
      weight: weightOf(0.5),
    };
    assert.equal(tell(shifted).text, '0.5% of the traffic reaches the new version');
  });
});

describe('an audit event', () => {
  it('has every field that auditors ask for', () => {
    const controlPlane = new FakeControlPlane();
    const { world, deployment } = midCanary(controlPlane);
    const stored = controlPlane.events.find(
      ({ event }) => event.type === 'deployment.started' && event.at > NOON,
    );
    assert.ok(stored);
    const event = auditEventOf(stored, world.get(deployment));
    const fields =
      'event_id event_type timestamp actor action target version status reason ip_address user_agent';
    for (const field of [...fields.split(' '), 'category', 'deployment_id', 'environment', 'details'])
      assert.ok(Object.hasOwn(event, field), field);
    assert.equal(event.version, '1.5.0');
    assert.equal(event.target, 'shop/production');
    assert.equal(event.summary, 'rollout starts; 1.4.0 serves now');
  });
});

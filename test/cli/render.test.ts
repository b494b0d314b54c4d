import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deploymentTable, laneTable } from '../../src/cli/render/deployments.ts';
import { errorLines } from '../../src/cli/render/error.ts';
import { createScreen } from '../../src/cli/render/screen.ts';
import { ansiPaint, ASCII, glyphsFor, paintFor, plainPaint, UNICODE } from '../../src/cli/render/style.ts';
import { clean, fit, paintLines, widthOf, wrap, type Line } from '../../src/cli/render/text.ts';
import { deploymentLines, treeLines } from '../../src/cli/render/tree.ts';
import { whyLines } from '../../src/cli/render/why.ts';
import { SpillwayError } from '../../src/core/errors.ts';
import type { DeploymentId } from '../../src/core/ids.ts';
import { hours, minutes, seconds } from '../../src/core/time.ts';
import { labelOf } from '../../src/core/release.ts';
import type { Assessment } from '../../src/judge/index.ts';
import { summaryOf } from '../../src/views/summary.ts';
import { deploymentTree, laneTree } from '../../src/views/tree.ts';
import { whyOf } from '../../src/views/why.ts';
import type { World } from '../core/given.ts';
import { FakeControlPlane, id } from '../support/fake-control-plane.ts';
import { golden } from '../support/golden.ts';
import {
  build,
  CANARY,
  eventsOf,
  failCanary,
  gateEnds,
  look,
  midCanary,
  serve,
  startCanary,
} from '../support/history.ts';

const FOLDER = new URL('golden/', import.meta.url);
const WIDTH = 80;

const text = (lines: readonly Line[], width = WIDTH) =>
  `${paintLines(lines, width, plainPaint).join('\n')}\n`;

const begun = () => midCanary(new FakeControlPlane());

const knownOf = (world: World, deployment: DeploymentId, assessment: Assessment | null = null) => ({
  events: eventsOf(world, deployment),
  assessment,
});

function laneText(world: World, deployment: DeploymentId, assessment: Assessment | null, canvas = {}) {
  const known = new Map([[deployment, knownOf(world, deployment, assessment)]]);
  const lines = treeLines(laneTree(world.lane, known, world.now), {
    width: WIDTH,
    glyphs: UNICODE,
    ...canvas,
  });
  return text(lines);
}

function deploymentText(world: World, deployment: DeploymentId) {
  const tree = deploymentTree(world.get(deployment), knownOf(world, deployment), world.now);
  return text(deploymentLines(tree, { width: WIDTH, glyphs: UNICODE }));
}

function whyText(world: World, deployment: DeploymentId, assessment: Assessment | null = null) {
  const why = whyOf(world.get(deployment), eventsOf(world, deployment), assessment);
  return text(whyLines(why, { width: WIDTH, glyphs: UNICODE }));
}

describe('the tree', () => {
  it('shows a canary in the middle of its second step', () => {
    const { world, deployment } = begun();
    world.pass(minutes(4));
    golden(FOLDER, 'tree-canary', laneText(world, deployment, look(world.now, 0.01, 24)));
  });

  it('shows the same with the signs of ASCII', () => {
    const { world, deployment } = begun();
    world.pass(minutes(4));
    const picture = laneText(world, deployment, look(world.now, 0.01, 24), { glyphs: ASCII });
    assert.match(picture, /^[\x20-\x7E\n]*$/);
    golden(FOLDER, 'tree-canary-ascii', picture);
  });

  it('shows a pause, and how to end it', () => {
    const { world, deployment } = begun();
    world.pass(minutes(1));
    world.feed({ type: 'pause', deployment, reason: 'the database is being moved' }, 'grace');
    golden(FOLDER, 'tree-paused', laneText(world, deployment, null));
  });

  it('shows a rollback that is over', () => {
    const { world, deployment } = begun();
    failCanary(world, deployment);
    golden(FOLDER, 'tree-rolled-back', deploymentText(world, deployment));
  });

  it('shows gates that run, and one that failed', () => {
    const { world } = begun();
    const deployment = requested(world);
    world.answer(deployment, 'preflight');
    build(world, deployment, '1.5.1');
    world.pass(seconds(12));
    gateEnds(world, deployment, 'coverage', 'fail', '71% of 4,210 lines (80% asked)');
    golden(FOLDER, 'tree-gate-failed', deploymentText(world, deployment));
  });

  it('says that nothing is under way', () => {
    const { lane } = new FakeControlPlane().world();
    const lines = treeLines(laneTree(lane, new Map(), 0 as never), { width: WIDTH, glyphs: UNICODE });
    assert.equal(text(lines), 'shop/production   nothing serves yet\n\n  nothing is under way\n');
  });

  it('never draws beyond the width it is given', () => {
    const { world, deployment } = begun();
    world.pass(minutes(4));
    const known = new Map([[deployment, knownOf(world, deployment, look(world.now, 0.01, 24))]]);
    for (const width of [40, 60, 80, 120, 200]) {
      const lines = treeLines(laneTree(world.lane, known, world.now), { width, glyphs: UNICODE });
      for (const line of paintLines(lines, width, plainPaint))
        assert.ok(widthOf(line) <= width, `${widthOf(line)} columns in ${width}: ${line}`);
    }
  });

  it('looks the same with colours, but for the colours', () => {
    const { world, deployment } = begun();
    const known = new Map([[deployment, knownOf(world, deployment)]]);
    const lines = treeLines(laneTree(world.lane, known, world.now), { width: WIDTH, glyphs: UNICODE });
    const coloured = paintLines(lines, WIDTH, ansiPaint).join('\n');
    assert.ok(coloured.includes('\u001B[32m✓'));
    assert.equal(
      clean(coloured.replaceAll('\n', '|')),
      clean(paintLines(lines, WIDTH, plainPaint).join('|')),
    );
  });
});

/** 1.5.1, asked for while nothing else is under way. */
function requested(world: World): DeploymentId {
  const under = world.lane.deployments[0];
  if (under) failCanary(world, under.id);
  return world.request(id('beef01'), CANARY, { version: '1.5.1' });
}

describe('why', () => {
  it('answers for a rollback on one screen', () => {
    const { world, deployment } = begun();
    failCanary(world, deployment);
    const screen = whyText(world, deployment);
    golden(FOLDER, 'why-rolled-back', screen);
    assert.ok(screen.split('\n').length <= 32, 'it fits one screen');
  });

  it('answers for a canary under way with the latest look', () => {
    const { world, deployment } = begun();
    world.pass(minutes(4));
    golden(FOLDER, 'why-canary', whyText(world, deployment, look(world.now, 0.01, 24)));
  });

  it('answers for a release that never met traffic', () => {
    const { world } = begun();
    const deployment = requested(world);
    world.answer(deployment, 'preflight', 'the port 8080 is taken by another program');
    golden(FOLDER, 'why-preflight', whyText(world, deployment));
  });

  it('answers for a first release that completed', () => {
    const world = new FakeControlPlane().world();
    const deployment = serve(world);
    golden(FOLDER, 'why-completed', whyText(world, deployment));
  });
});

describe('tables', () => {
  it('list deployments', () => {
    const { world, deployment } = begun();
    const first = world.ended.map(summaryOf);
    const running = summaryOf(world.get(deployment));
    failCanary(world, deployment);
    const failed = summaryOf(world.get(deployment));
    const next = startCanary(world, 'c0ffee', '1.5.1');
    const later = world.now + hours(2);
    const rows = [summaryOf(world.get(next)), failed, running, ...first];
    golden(FOLDER, 'deployments', text(deploymentTable(rows, later)));
  });

  it('list lanes', () => {
    const { world, deployment } = begun();
    const { serving } = world.lane.environment;
    const label = serving && labelOf(serving);
    const lane = {
      application: 'shop',
      environment: 'production',
      serving: label,
      fallback: label,
      locked: null,
      deployments: [summaryOf(world.get(deployment))],
    };
    const locked = { since: '2026-11-20T12:00:00Z', reason: 'every way back failed' };
    const other = { ...lane, environment: 'staging', serving: null, fallback: null, locked, deployments: [] };
    golden(FOLDER, 'lanes', text(laneTable([lane, other]), 200));
  });

  it('say so when there is nothing', () => {
    assert.equal(text(deploymentTable([], 0)), 'no deployments\n');
  });
});

describe('text', () => {
  it('loses what could steer a terminal', () => {
    assert.equal(clean('a\u001B[2Jb\u001B]0;title\u0007c\rd\u202Ee\u0000f\u009B31mg'), 'abcdefg');
    assert.equal(clean('two\nlines\tand a tab'), 'two lines and a tab');
  });

  it('is measured in columns', () => {
    assert.equal(widthOf('abc'), 3);
    assert.equal(widthOf('出荷'), 4);
    assert.equal(widthOf('e\u0301'), 1);
    assert.equal(widthOf('🚀'), 2);
    assert.equal(fit('出荷出荷', 5), '出荷…');
  });

  it('is broken at spaces', () => {
    assert.deepEqual(wrap('one two three', 7), ['one two', 'three']);
    assert.deepEqual(wrap('unbreakable', 5), ['unbr…']);
  });
});

describe('colours', () => {
  const colours = (env: Record<string, string>, terminal: boolean) =>
    paintFor(env, terminal)('bad', 'x') !== 'x';

  it('are for terminals, unless it is said otherwise', () => {
    assert.equal(colours({}, true), true);
    assert.equal(colours({}, false), false);
    assert.equal(colours({ NO_COLOR: '1' }, true), false);
    assert.equal(colours({ NO_COLOR: '' }, true), true);
    assert.equal(colours({ FORCE_COLOR: '1' }, false), true);
    assert.equal(colours({ FORCE_COLOR: '1', NO_COLOR: '1' }, false), true);
    assert.equal(colours({ FORCE_COLOR: '0' }, true), false);
    assert.equal(colours({ TERM: 'dumb' }, true), false);
  });

  it('come with signs that the terminal has', () => {
    assert.equal(glyphsFor({}), UNICODE);
    assert.equal(glyphsFor({ LANG: 'en_US.UTF-8' }), UNICODE);
    assert.equal(glyphsFor({ LANG: 'C' }), ASCII);
    assert.equal(glyphsFor({ TERM: 'linux' }), ASCII);
  });
});

describe('a screen', () => {
  const UP = /\[(\d+)A/;

  it('goes back over the last picture, whatever its height', () => {
    const written: string[] = [];
    const screen = createScreen({ write: (piece) => written.push(piece), rows: 24 });
    screen.paint(['one', 'two', 'three']);
    screen.paint(['one']);
    screen.paint(['one', 'two']);
    assert.deepEqual(
      written.map((piece) => UP.exec(piece)?.[1]),
      [undefined, '3', '1'],
    );
  });

  it('shows the end of what is taller than the terminal', () => {
    const written: string[] = [];
    const screen = createScreen({ write: (piece) => written.push(piece), rows: 3 });
    screen.paint(['one', 'two', 'three']);
    screen.paint(['one', 'two', 'three']);
    assert.ok(!written[0]?.includes('one') && written[0]?.includes('three'));
    assert.equal(UP.exec(written[1] ?? '')?.[1], '2', 'it never goes above the first line of the terminal');
  });
});

describe('errors', () => {
  it('say what, where and what to do next', () => {
    const error = new SpillwayError('not_found', 'there is no deployment 7f3', {
      where: 'id',
      hint: 'List them',
    });
    assert.equal(
      text(errorLines(error, WIDTH)),
      'error  there is no deployment 7f3\nwhere  id\nnext   List them\n',
    );
    assert.equal(text(errorLines(new Error('odd'), WIDTH)), 'error  odd\n');
  });
});

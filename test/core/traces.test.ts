import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Effect } from '../../src/core/effects.ts';
import type { LaneEvent } from '../../src/core/events.ts';
import { deploymentId } from '../../src/core/ids.ts';
import { labelOf, type Revision } from '../../src/core/release.ts';
import { milliseconds, minutes, seconds } from '../../src/core/time.ts';
import { percentOf } from '../../src/core/weights.ts';
import { World } from './given.ts';

/*
 * Golden traces. A line that begins with `> ` is an input; below it stand the events and the effects (`!`) that
 * followed. `UPDATE_TRACES=1` writes the files anew: read the difference before you commit it.
 */
const folder = new URL('../traces/', import.meta.url);

for (const name of readdirSync(folder).filter((file) => file.endsWith('.txt'))) {
  test(`trace ${name}`, () => {
    const file = new URL(name, folder);
    const wanted = readFileSync(file, 'utf8');
    const found = replay(wanted);
    if (process.env['UPDATE_TRACES'] === '1') writeFileSync(file, found);
    else assert.equal(found, wanted);
  });
}

function replay(text: string): string {
  const world = new World();
  const out: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) out.push(line);
    if (!line.startsWith('> ')) continue;
    const before = world.log.length;
    const open = new Set(world.open);
    const refused = step(world, line.slice(2).trim().split(' '));
    out.push('', line);
    if (refused !== null) out.push(`    refused: ${refused}`);
    out.push(...world.log.slice(before).map((event) => `    ${describeEvent(event)}`));
    const effects = world.open.filter((effect) => !open.has(effect) && effect.kind !== 'timer');
    out.push(...effects.map((effect) => `  ! ${describeEffect(effect)}`));
  }
  return `${out.join('\n').trim()}\n`;
}

type Verdict = Parameters<World['verdict']>;

function step(world: World, [verb = '', name = '', ...rest]: string[]): string | null {
  const id = deploymentId(name);
  const words = rest.join(' ');
  switch (verb) {
    case 'request':
      world.request(name, words === 'immediate' ? { strategy: 'immediate' } : {});
      return null;
    case 'answer':
      world.answer(id, rest[0] as Parameters<World['answer']>[1], rest.slice(1).join(' ') || undefined);
      return null;
    case 'verdict':
      world.verdict(id, rest[0] as Verdict[1], undefined, rest[1] as Verdict[3]);
      return null;
    case 'degraded':
      world.feed({ type: 'degraded', deployment: id, check: 'health', reason: words, record: {} });
      return null;
    case 'pass':
      world.pass(name.endsWith('m') ? minutes(parseInt(name, 10)) : seconds(parseInt(name, 10)));
      return null;
    case 'pause':
    case 'abort':
    case 'cancel':
      return world.feed({ type: verb, deployment: id, reason: words }).refused?.reason ?? null;
    case 'resume':
      return world.feed({ type: verb, deployment: id }).refused?.reason ?? null;
    case 'promote':
      return world.feed({ type: verb, deployment: id, full: words === 'full' }).refused?.reason ?? null;
    default:
      throw new Error(`no such step: ${verb}`);
  }
}

function describeEvent(event: LaneEvent): string {
  const words: string[] = [event.type];
  if ('deployment' in event) words.push(event.deployment);
  if ('step' in event) words.push(`step ${event.step}`);
  if ('from' in event) words.push(`${percentOf(event.from)}% ->`);
  if ('weight' in event) words.push(`${percentOf(event.weight)}%`);
  if ('count' in event) words.push(`x${event.count}`);
  if ('verdict' in event) words.push(event.verdict);
  if ('to' in event) words.push(`-> ${label(event.to)}`);
  if ('cause' in event) words.push(`(${event.cause})`);
  if ('reason' in event) words.push(`(${event.reason})`);
  if ('rolledBack' in event) words.push(`rolled back: ${event.rolledBack}`);
  return words.join(' ');
}

function describeEffect(effect: Effect): string {
  const limit = milliseconds(effect.deadline);
  switch (effect.kind) {
    case 'start':
      return `start ${label(effect.revision)} x${effect.count} [${effect.key}] by ${limit}`;
    case 'shift':
    case 'retire': {
      const { stable, canary } = effect;
      const share = canary === null ? 'nothing' : `${label(canary.revision)} ${percentOf(canary.weight)}%`;
      return `${effect.kind} stable ${label(stable)}, canary ${share} [${effect.key}] by ${limit}`;
    }
    case 'preflight':
    case 'build':
    case 'gate':
    case 'prepare':
    case 'verify':
    case 'timer':
      return `${effect.kind} [${effect.key}] by ${limit}`;
  }
}

const label = (revision: Revision | null) => (revision === null ? 'nothing' : labelOf(revision));

import { routeOf } from '../../../src/core/ids.ts';
import { activeOf, soakingOf } from '../../../src/core/lane.ts';
import { HARMFUL } from '../world/releases.ts';
import type { Invariant } from './invariant.ts';

/** What is watched for less may end before a look has come through. */
const LEAST_SOAK = 15_000;

/** Who says so by hand takes it on himself. */
const BY_HAND: ReadonlySet<string> = new Set(['deployment.resumed']);

export const harmIsTakenBack: Invariant = {
  name: 'harm is taken back',
  says: 'issue: harm shown; retreat, then roll back. No data never passes.',
  watch: ({ chronicle, releases, violated }) => {
    const promoted = new Set<string>();
    /** Those beside which a successor has rolled out meanwhile: that time counts as soak, and is not judged (a known limit). */
    const aside = new Set<string>();
    return {
      committed(commit) {
        if (commit.method !== 'append' || !commit.value.ok) return;
        const lane = chronicle.lane(routeOf(commit.args[0].lane));
        const soaking = lane && activeOf(lane) !== undefined ? soakingOf(lane) : undefined;
        if (soaking !== undefined) aside.add(soaking.id);
        for (const { event, deployment: id } of commit.args[0].events) {
          if (id === null) continue;
          const byHand = event.actor.includes('person');
          if (byHand || BY_HAND.has(event.type)) promoted.add(id);
          if (
            event.type !== 'deployment.completed' ||
            !('soakComplete' in event) ||
            event.soakComplete !== true
          )
            continue;
          const found = chronicle.deployment(id);
          const quality = releases.qualityOf(found?.revision?.release.version ?? '');
          const spared =
            found?.kind !== 'release' ||
            found.plan.soak < LEAST_SOAK ||
            found.plan.rollback.when === 'on_failure' ||
            promoted.has(id) ||
            aside.has(id);
          if (HARMFUL.has(quality) && !spared) violated(`${id} ${quality} and has soaked in full`);
        }
      },
    };
  },
};

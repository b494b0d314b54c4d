import type { Invariant } from './invariant.ts';

export const oneOutcome: Invariant = {
  name: 'one outcome',
  says: "The outcome is written as an event with the task's fence; an outcome with an old fence is refused. Fences come from one counter of the store that only grows.",
  watch: ({ chronicle, violated }) => {
    const concluded = new Set<string>();
    const held = new Map<string, number>();
    let newest = 0;
    const conclude = (key: string, fence: number): void => {
      if (concluded.has(key)) violated(`${key} has a second outcome`);
      concluded.add(key);
      if (held.get(key) !== fence)
        violated(`${key} ends under fence ${fence}, and is held under ${held.get(key)}`);
      held.delete(key);
    };
    return {
      committed(commit) {
        if (commit.method === 'releaseAll') held.clear();
        if (commit.method === 'drawFence') drawn(commit.value);
        if (commit.method === 'claim') for (const { key, fence } of commit.value) claimed(key, fence);
        if (commit.method === 'retry' && commit.value) held.delete(commit.args[0]);
        if (commit.method === 'finish' && commit.value) conclude(commit.args[0], commit.args[1]);
        if ((commit.method === 'append' || commit.method === 'record') && commit.value.ok) {
          const completes = commit.method === 'append' ? commit.args[0].completes : commit.args[2];
          if (completes !== null) conclude(completes.key, completes.fence);
          if (commit.method === 'append') calledOff(commit.args[0].cancel);
        }
      },
    };

    function drawn(fence: number): void {
      if (fence <= newest) violated(`fence ${fence} is given out after ${newest}`);
      newest = Math.max(newest, fence);
    }
    function claimed(key: string, fence: number): void {
      drawn(fence);
      if (!chronicle.knows(key)) violated(`${key} is claimed, and nobody has queued it`);
      if (held.has(key)) violated(`${key} is claimed under ${fence} while it is held under ${held.get(key)}`);
      if (concluded.has(key)) violated(`${key} is claimed after its outcome`);
      held.set(key, fence);
    }
    function calledOff(deployments: readonly string[]): void {
      for (const [key, fence] of held) {
        const deployment = chronicle.claimedUnder(fence)?.deployment;
        if (deployment !== null && deployment !== undefined && deployments.includes(deployment))
          held.delete(key);
      }
    }
  },
};

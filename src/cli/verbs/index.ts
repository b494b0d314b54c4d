import type { Define } from '../context.ts';

export interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  /** Its module is loaded when it is run, and not before. */
  readonly load: () => Promise<{ readonly define: Define }>;
}

const START = 'Begin:';
const RELEASE = 'Release:';
const LOOK = 'See:';
const STEER = 'Steer:';
const KEEP = 'Operate:';

/** Every verb, in the order of the help. */
export const VERBS: readonly Verb[] = [
  {
    name: 'init',
    group: START,
    summary: 'write a spillway.yaml for this folder',
    load: () => import('./init.ts'),
  },
  { name: 'validate', group: START, summary: 'check a spillway.yaml', load: () => import('./validate.ts') },
  {
    name: 'simulate',
    group: START,
    summary: 'what a policy would have done on a trace',
    load: () => import('./simulate.ts'),
  },
  { name: 'up', group: START, summary: 'start the server', load: () => import('./up.ts') },
  { name: 'deploy', group: RELEASE, summary: 'deploy a version', load: () => import('./deploy.ts') },
  {
    name: 'rollback',
    group: RELEASE,
    summary: 'go back to an earlier version',
    load: () => import('./rollback.ts'),
  },
  { name: 'get', group: LOOK, summary: 'list deployments and lanes', load: () => import('./get.ts') },
  {
    name: 'watch',
    group: LOOK,
    summary: 'follow a deployment as it happens',
    load: () => import('./watch.ts'),
  },
  {
    name: 'why',
    group: LOOK,
    summary: 'what happened, on what evidence, what to do',
    load: () => import('./why.ts'),
  },
  { name: 'canary', group: LOOK, summary: 'compare a canary with stable', load: () => import('./canary.ts') },
  {
    name: 'observe',
    group: LOOK,
    summary: "judge something else's rollout, changing nothing",
    load: () => import('./observe.ts'),
  },
  { name: 'promote', group: STEER, summary: 'go to the next step now', load: () => import('./promote.ts') },
  { name: 'pause', group: STEER, summary: 'hold the traffic where it is', load: () => import('./pause.ts') },
  { name: 'resume', group: STEER, summary: 'go on after a pause', load: () => import('./resume.ts') },
  {
    name: 'abort',
    group: STEER,
    summary: 'give a rollout up and roll it back',
    load: () => import('./abort.ts'),
  },
  {
    name: 'cancel',
    group: STEER,
    summary: 'call off what has not begun to deploy',
    load: () => import('./cancel.ts'),
  },
  { name: 'env', group: STEER, summary: 'unlock an environment', load: () => import('./env.ts') },
  {
    name: 'edge',
    group: KEEP,
    summary: 'the proxy; works without the server',
    load: () => import('./edge.ts'),
  },
  {
    name: 'audit',
    group: KEEP,
    summary: 'query, export and verify the audit log',
    load: () => import('./audit.ts'),
  },
  {
    name: 'events',
    group: KEEP,
    summary: 'what came in, and what it led to',
    load: () => import('./events.ts'),
  },
  {
    name: 'hook',
    group: KEEP,
    summary: 'deploy on a push to a plain Git repository',
    load: () => import('./hook.ts'),
  },
  {
    name: 'backup',
    group: KEEP,
    summary: "back up Spillway's own state, while it runs",
    load: () => import('./backup.ts'),
  },
  {
    name: 'restore',
    group: KEEP,
    summary: 'put a backup back',
    load: () => import('./restore.ts'),
  },
  {
    name: 'store',
    group: KEEP,
    summary: 'copy the store elsewhere, bring it up to date',
    load: () => import('./store.ts'),
  },
  {
    name: 'health',
    group: KEEP,
    summary: 'how the server and its parts are',
    load: () => import('./health.ts'),
  },
];

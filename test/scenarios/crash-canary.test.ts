import { killedAt } from './crash/sample.ts';

killedAt('canary', [
  { side: 'after', writes: 'event received' },
  { side: 'before', writes: 'release.built' },
  { side: 'before', writes: 'gate.passed' },
  { side: 'before', writes: 'instances.ready' },
  { side: 'before', writes: 'traffic.shifted' },
  { side: 'after', writes: 'verdict.changed canary.step' },
  { side: 'after', writes: 'deployment.live' },
  { side: 'after', writes: 'deployment.completed' },
]);

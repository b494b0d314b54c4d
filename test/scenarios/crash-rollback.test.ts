import { killedAt } from './crash/sample.ts';

killedAt('rollback', [
  { side: 'before', writes: 'rollback.started' },
  { side: 'after', writes: 'rollback.started' },
  { side: 'before', writes: 'rollback.traffic_zero' },
  { side: 'after', writes: 'rollback.completed' },
]);

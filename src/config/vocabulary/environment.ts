import { z } from 'zod';
import { gateOverride } from './gates.ts';
import { canary, deadlines, health, rollback, rollbackTriggers } from './rollout.ts';
import {
  byName,
  choice,
  duration,
  name,
  NOT_BUILT,
  notBuilt,
  object,
  timeSpan,
  wholeNumber,
} from './values.ts';

/** A target or traffic provider: its kind here, everything else is its adapter's schema's to check. */
const adapterSettings = () => z.looseObject({ type: z.string({ error: 'the name of its kind' }).optional() });

const target = () => adapterSettings().extend({ instances: wholeNumber(1, 1000).optional() });

const strategy = () => choice(['canary', 'immediate'], ['rolling', 'blue_green', 'hot_upgrade']);

/** What may be said for all environments at the top, and again for one of them. */
export const shared = {
  target: target().optional(),
  health: health.optional(),
  traffic: adapterSettings().optional(),
  metrics: adapterSettings().extend({ stale_after: timeSpan().optional() }).optional(),
  strategy: strategy().optional(),
  canary: canary.optional(),
  automatic_rollback_triggers: rollbackTriggers.optional(),
  rollback: rollback.optional(),
  deadlines: deadlines.optional(),
  pause_limit: timeSpan().optional(),
};

export const environment = object({
  ...shared,
  auto_deploy: z.boolean().optional(),
  required_gates: z.array(name(), { error: 'a list of gates' }).optional(),
  approval: z
    .literal('none', { error: (issue) => (typeof issue.input === 'string' ? NOT_BUILT : 'none') })
    .optional(),
  rollback_strategy: choice(['immediate', 'on_failure', 'automatic']).optional(),
  monitoring: choice(['basic', 'standard', 'full']).optional(),
  soak_duration: duration().optional(),
  during_soak: choice(['hold', 'replace']).optional(),
  gates: byName(gateOverride).optional(),
  targets: notBuilt(),
  waves: notBuilt(),
  workers: notBuilt(),
  calendar: notBuilt(),
  calendars: notBuilt(),
  freeze: notBuilt(),
  approvers: notBuilt(),
  quorum: notBuilt(),
  promote_from: notBuilt(),
  promotion: notBuilt(),
  migrations: notBuilt(),
  backups: notBuilt(),
  remedies: notBuilt(),
  reconcile: notBuilt(),
  sampling: notBuilt(),
});

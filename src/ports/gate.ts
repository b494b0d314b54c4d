import type { GateOutcome } from '../core/deployment.ts';
import type { DeploymentId, EffectKey, LaneId } from '../core/ids.ts';
import type { GatePlan } from '../core/plan.ts';
import type { Release } from '../core/release.ts';

export interface GateContext {
  readonly key: EffectKey;
  readonly lane: LaneId;
  readonly deployment: DeploymentId;
  readonly release: Release;
  /** Folder with the release's files; a gate may write there only into its own copy. */
  readonly artifact: string;
  readonly ref: string | null;
  /** Aborted when the gate's time is over or the deployment has ended. */
  readonly signal: AbortSignal;
}

/**
 * Runs one automated gate and says `pass`, `warn` or `fail` with the figures it judged. A gate past its `timeout`
 * fails, and nothing that it started is left running. Output is kept with secrets masked; `evidence` says where.
 * @throws only when the gate could not be run at all and trying again may help
 */
export interface GateRunner {
  run(gate: GatePlan, context: GateContext): Promise<GateOutcome>;
}

import type { ApplicationName, EnvironmentName, LaneId } from '../../core/ids.ts';

export interface LaneColumns {
  readonly application: string | null;
  readonly environment: string | null;
}

export const laneOf = (row: LaneColumns): LaneId | null =>
  row.application === null || row.environment === null
    ? null
    : { application: row.application as ApplicationName, environment: row.environment as EnvironmentName };

import type { StateName } from '../../core/deployment.ts';
import type { DeploymentSummary } from '../../views/summary.ts';
import { roughly } from '../../views/words.ts';
import { nameOf, type LaneOverview } from '../select.ts';
import { VERDICT_STYLES } from './rollout.ts';
import { stateText } from './state.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';
import { span, type Line } from './text.ts';

/** Deployments as a table. @param now epoch milliseconds */
export function deploymentTable(deployments: readonly DeploymentSummary[], now: number): readonly Line[] {
  if (deployments.length === 0) return [[span('no deployments', 'dim')]];
  return table<DeploymentSummary>(
    [
      { title: 'id', cell: ({ short }) => short, style: () => 'accent' },
      { title: 'lane', cell: nameOf },
      {
        title: 'version',
        cell: ({ version, kind }) => (kind === 'rollback' ? `back to ${version}` : version),
      },
      { title: 'state', cell: stateText, style: stateStyle },
      { title: 'canary', cell: ({ weight }) => (weight === null ? '-' : `${weight}%`), align: 'right' },
      {
        title: 'verdict',
        cell: ({ verdict }) => verdict ?? '-',
        style: ({ verdict }) => (verdict ? VERDICT_STYLES[verdict] : 'dim'),
      },
      { title: 'by', cell: ({ actor }) => actor },
      { title: 'age', cell: ({ requestedAt }) => roughly(now - Date.parse(requestedAt)), align: 'right' },
    ],
    deployments,
  );
}

export function laneTable(lanes: readonly LaneOverview[]): readonly Line[] {
  if (lanes.length === 0) return [[span('nothing was ever deployed; begin with: spillway deploy', 'dim')]];
  return table<LaneOverview>(
    [
      { title: 'lane', cell: nameOf, style: () => 'bold' },
      { title: 'serving', cell: ({ serving }) => serving ?? '-' },
      { title: 'fallback', cell: ({ fallback }) => fallback ?? '-' },
      {
        title: 'under way',
        cell: ({ deployments }) =>
          deployments.map((each) => `${each.version} ${stateText(each)} (${each.short})`).join(', ') || '-',
      },
      {
        title: 'lock',
        cell: ({ locked }) => (locked ? `locked: ${locked.reason}` : '-'),
        style: ({ locked }) => (locked ? 'bad' : 'dim'),
      },
    ],
    lanes,
  );
}

const STYLES: Partial<Record<StateName, Style>> = {
  completed: 'good',
  monitoring: 'good',
  failed: 'bad',
  rolling_back: 'bad',
  rejected: 'dim',
  deploying: 'accent',
  verifying: 'accent',
};

const stateStyle = ({ state, paused }: DeploymentSummary): Style =>
  paused ? 'warn' : (STYLES[state] ?? 'none');

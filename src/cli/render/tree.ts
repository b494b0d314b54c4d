import type { Stage, StageName } from '../../views/stages.ts';
import type { DeploymentTree, LaneTree } from '../../views/tree.ts';
import { lasting, shortCommit, shortRef } from '../../views/words.ts';
import { rolloutLines } from './rollout.ts';
import { MARK_STYLES, markSpan, type Canvas } from './canvas.ts';
import { stateText } from './state.ts';
import type { Glyphs } from './style.ts';
import { blank, padEnd, sides, span, wrap, type Line } from './text.ts';

const STAGE_NAMES: Record<StageName, string> = {
  validating: 'validating',
  building: 'building',
  testing: 'testing',
  approval: 'approval',
  approved: 'queued',
  deploying: 'deploying',
  verifying: 'verifying',
  monitoring: 'monitoring',
  rolling_back: 'rolling back',
};
const NAME_WIDTH = 13;

/** A lane with its deployments, newest last: what `watch` paints. */
export function treeLines(tree: LaneTree, canvas: Canvas): readonly Line[] {
  const { application, environment, serving, locked, deployments } = tree;
  const serves = serving === null ? 'nothing serves yet' : `${serving} serves`;
  return [
    [span(`${application}/${environment}`, 'bold'), span(`   ${serves}`, 'dim')],
    ...(locked === null ? [] : [[span(`${canvas.glyphs.warned} locked: ${locked}`, 'bad')]]),
    ...(deployments.length === 0 ? [blank, [span('  nothing is under way', 'dim')]] : []),
    ...deployments.flatMap((deployment) => [blank, ...deploymentLines(deployment, canvas)]),
  ];
}

/** One deployment: its head, its stages, and how it ended. */
export function deploymentLines(tree: DeploymentTree, canvas: Canvas): readonly Line[] {
  return [
    headLine(tree, canvas),
    ...pausedLines(tree, canvas),
    ...stageLines(tree, canvas),
    ...outcomeLines(tree, canvas),
  ];
}

function headLine({ summary, ageMs, outcome }: DeploymentTree, { width, glyphs }: Canvas): Line {
  const { version, short, ref, commit, actor, kind, paused } = summary;
  const mark = outcome?.mark ?? (paused ? 'paused' : 'active');
  const from = [ref === null ? '' : shortRef(ref), shortCommit(commit)].filter(Boolean).join(' ');
  const facts = [short, from, `by ${actor}`].filter(Boolean).join(` ${glyphs.dot} `);
  const what = kind === 'rollback' ? 'rollback to ' : '';
  const left = [
    markSpan(mark, glyphs),
    span(` ${what}${version}`, 'bold'),
    span(`  ${stateText(summary)}`, MARK_STYLES[mark]),
  ];
  return sides([...left, span(`   ${facts}`, 'dim')], [span(lasting(ageMs), 'dim')], width);
}

function pausedLines(
  { summary: { paused, short } }: DeploymentTree,
  { width, glyphs }: Canvas,
): readonly Line[] {
  if (!paused) return [];
  const why = wrap(`${paused.reason} (${paused.by})`, width - 4);
  const how = `spillway resume ${short}, or promote, or abort`;
  return [...why.map((text) => line(glyphs, [span(text, 'warn')])), line(glyphs, [span(how, 'dim')])];
}

function stageLines(tree: DeploymentTree, canvas: Canvas): readonly Line[] {
  const { glyphs, width } = canvas;
  return tree.stages.flatMap((stage, index) => {
    const isLast = index === tree.stages.length - 1;
    const branch = span(`  ${isLast ? glyphs.last : glyphs.branch} `, 'dim');
    const inner = width - 6;
    const body = stageBody(tree, stage, { ...canvas, width: inner });
    const trunk = span(`  ${isLast ? ' ' : glyphs.trunk}   `, 'dim');
    return [
      sides([branch, ...stageHead(tree, stage, canvas)], time(stage.ms), width),
      ...body.map((content) => [trunk, ...content]),
    ];
  });
}

function stageHead(tree: DeploymentTree, { name, mark, detail }: Stage, { glyphs }: Canvas): Line {
  const style = mark === 'waiting' ? 'dim' : mark === 'active' || mark === 'paused' ? 'bold' : 'none';
  const title = padEnd(STAGE_NAMES[name], NAME_WIDTH);
  const more = name === 'rolling_back' ? wayBack(tree) : name === 'monitoring' ? soak(tree, detail) : detail;
  return [markSpan(mark, glyphs), span(` ${title}`, style), span(more, 'dim')];
}

function wayBack({ rollback }: DeploymentTree): string {
  if (!rollback) return '';
  const { to, attempt, fallback, zeroAfterMs } = rollback;
  const which = attempt > 1 ? `, attempt ${attempt}${fallback ? ' (the fallback)' : ''}` : '';
  const zero = zeroAfterMs === null ? '' : `, no traffic left after ${lasting(zeroAfterMs)}`;
  return `to ${to ?? 'nothing: it is withdrawn'}${which}${zero}`;
}

const soak = ({ soakLeftMs }: DeploymentTree, detail: string): string =>
  soakLeftMs === null ? detail : `${detail}, ${lasting(soakLeftMs)} left`;

function stageBody(tree: DeploymentTree, { name, mark, gates }: Stage, canvas: Canvas): readonly Line[] {
  const { glyphs, width } = canvas;
  if (name === 'deploying' && mark !== 'waiting' && tree.rollout)
    return rolloutLines(tree, tree.rollout, canvas);
  return gates.map((gate) =>
    sides(
      [
        markSpan(gate.mark, glyphs),
        span(` ${padEnd(gate.name, NAME_WIDTH - 2)}`, gate.mark === 'waiting' ? 'dim' : 'none'),
        span(gate.detail, gate.mark === 'failed' ? 'bad' : 'dim'),
      ],
      time(gate.ms),
      width,
    ),
  );
}

const time = (ms: number | null): Line => (ms === null ? [] : [span(lasting(ms), 'dim')]);

function outcomeLines(
  { outcome, summary, rollout }: DeploymentTree,
  { width, glyphs }: Canvas,
): readonly Line[] {
  if (!outcome) return [];
  const said = summary.reason !== null && rollout?.verdict?.reason === summary.reason;
  const text = said ? outcome.text.replace(`: ${summary.reason}`, '') : outcome.text;
  const [first = '', ...rest] = wrap(text, width - 2);
  const style = MARK_STYLES[outcome.mark];
  const next = outcome.mark === 'done' ? [] : [[span(`  spillway why ${summary.short}`, 'dim')]];
  return [
    [markSpan(outcome.mark, glyphs), span(` ${first}`, style)],
    ...rest.map((more) => [span(`  ${more}`, style)]),
    ...next,
  ];
}

const line = ({ trunk }: Glyphs, content: Line): Line => [span(`  ${trunk} `, 'dim'), ...content];

import type { VerdictName } from '../../core/deployment.ts';
import type { Figures } from '../../views/figures.ts';
import type { DeploymentTree, RolloutView } from '../../views/tree.ts';
import { lasting, odds, plural } from '../../views/words.ts';
import { bar } from './bar.ts';
import type { Style } from './style.ts';
import { padEnd, span, wrap, type Line } from './text.ts';
import { markSpan, type Canvas } from './canvas.ts';

const LABEL = 13;
/** Evidence that pauses a rollout: E >= 10. */
const WARNING = Math.log(10);

export const VERDICT_STYLES: Record<VerdictName, Style> = {
  ok: 'good',
  undecided: 'accent',
  warning: 'warn',
  issue: 'bad',
};

/** How far a rollout has come: steps, traffic, time, verdict, evidence. Once it is over, only what remains true. */
export function rolloutLines(
  { summary }: DeploymentTree,
  rollout: RolloutView,
  canvas: Canvas,
): readonly Line[] {
  const steps = rollout.steps.length > 1 ? [stepsLine(rollout, canvas)] : [];
  const running = summary.state === 'deploying';
  const live = running
    ? [trafficLine(rollout, canvas), ...timeLines(rollout, summary.step ?? 1, canvas)]
    : [];
  const broken = summary.state === 'failed' || summary.state === 'rolling_back';
  const judged = running || broken ? verdictLines(rollout, canvas) : [];
  return [...steps, ...live, ...judged, ...(running ? evidenceLines(rollout.figures, canvas) : [])];
}

function stepsLine({ steps }: RolloutView, { glyphs }: Canvas): Line {
  return steps.flatMap(({ percent, mark }, index) => {
    const joint = index === 0 ? [] : [span(` ${glyphs.link} `, 'dim')];
    const style = mark === 'waiting' || mark === 'skipped' ? 'dim' : 'none';
    return [...joint, markSpan(mark, glyphs), span(` ${percent}%`, style)];
  });
}

function trafficLine({ weight, instances, retreats }: RolloutView, canvas: Canvas): Line {
  const on = instances > 0 ? ` on ${plural(instances, 'instance')}` : '';
  return labelled('traffic', [
    ...bar(weight / 100, barWidth(canvas), 'accent', canvas.glyphs),
    span(`  ${weight}%`, 'bold'),
    span(on, 'dim'),
    ...(retreats === 0 ? [] : [span(`, retreated ${retreats === 1 ? 'once' : `${retreats} times`}`, 'warn')]),
  ]);
}

function timeLines({ step, steps }: RolloutView, number: number, canvas: Canvas): readonly Line[] {
  if (!step) return [];
  const left = step.beyondMinimum
    ? `${lasting(step.leftMs)} until a decision is due`
    : `${lasting(step.leftMs)} left of ${lasting(step.lengthMs)}`;
  const name = steps.length > 1 ? `step ${number} of ${steps.length}` : 'step';
  return [
    labelled(name, [
      ...bar(step.elapsedMs / step.lengthMs, barWidth(canvas), 'none', canvas.glyphs),
      span(`  ${left}`, 'dim'),
    ]),
  ];
}

function verdictLines({ verdict }: RolloutView, { width }: Canvas): readonly Line[] {
  if (!verdict) return [];
  const { name, rule, reason } = verdict;
  const figures = wrap(reason, width - LABEL);
  return [
    labelled('verdict', [span(name, VERDICT_STYLES[name]), span(`  ${rule}`, 'dim')]),
    ...figures.map((text) => labelled('', [span(text)])),
  ];
}

function evidenceLines(figures: Figures | null, canvas: Canvas): readonly Line[] {
  if (!figures) return [];
  const { harm, health } = figures;
  if (harm === null) return [];
  const danger = harm.shown ? 'bad' : harm.logE >= WARNING ? 'warn' : 'good';
  const certified = health.held ? 'certified' : `${odds(health.logE)}, certified at ${odds(health.needed)}`;
  return [
    labelled('harm', [
      ...bar(harm.logE / harm.needed, barWidth(canvas), danger, canvas.glyphs),
      span(`  ${odds(harm.logE)}, ${harm.next} at ${odds(harm.needed)}`, 'dim'),
    ]),
    labelled('health', [
      ...bar(health.held ? 1 : health.logE / health.needed, barWidth(canvas), 'good', canvas.glyphs),
      span(`  ${certified}`, 'dim'),
    ]),
  ];
}

const labelled = (label: string, content: Line): Line => [span(padEnd(label, LABEL), 'dim'), ...content];

/** Room for the figures stays at its right. */
const barWidth = ({ width }: Canvas): number => Math.max(8, Math.min(40, width - LABEL - 32));

/**
 * A week of releases of a small shop, good and bad ones, under the load of its users: `make demo`.
 *
 * run.ts [--only v2]   KEEP=1 leaves everything running
 */
import { relative } from 'node:path';
import { blank, span } from '../src/cli/render/text.ts';
import { promiseLine, promisesOf, releaseTable, writeReport, type Figures } from './report.ts';
import { OUT, Stage } from './stage.ts';
import { Story, type Chapters } from './story.ts';
import { Watch } from './watch.ts';

const began = Date.now();
const keep = (process.env['KEEP'] ?? '') !== '';
const here = (path: string) => relative(process.cwd(), path);

function chaptersOf(args: readonly string[]): Chapters {
  if (args.length === 0) return 'all';
  if (args.join(' ') === '--only v2') return 'v2';
  throw new Error(`run.ts takes --only v2 or nothing, not ${args.join(' ')}`);
}

function showReport(watch: Watch, figures: Figures, problems: readonly string[]): void {
  const { canvas } = watch;
  watch.say(
    blank,
    ...releaseTable(figures.releases, canvas),
    blank,
    ...promisesOf(figures).map((promised) => promiseLine(promised, canvas)),
    ...problems.map((problem) => [span(`The story did not come true: ${problem}`, 'bad')]),
    blank,
    [span(`Figures: ${here(writeReport(figures, OUT))}`, 'dim')],
  );
}

function sayHowToLook(watch: Watch, stage: Stage): void {
  const spillway = `bin/spillway --data ${here(OUT)}/data`;
  watch.say(
    blank,
    [span('Everything is still running:', 'bold')],
    [span(`  curl -i ${stage.shop}/products/7`)],
    [span(`  ${spillway} get deployments`)],
    [span(`  ${spillway} why`)],
    [span(`  cd ${here(stage.history.work)}, change something, commit, git push origin main`)],
    [span('  make demo-stop    ends it')],
  );
}

function interrupted(): never {
  console.error('demo: interrupted; everything that ran has been ended');
  process.exit(130);
}

async function main(): Promise<number> {
  const chapters = chaptersOf(process.argv.slice(2));
  const stage = await Stage.build();
  const watch = new Watch();
  const story = new Story(stage, watch, began);
  let left: Promise<void> | undefined;
  const leave = () => (left ??= story.end().then(() => stage.tearDown()));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => void leave().finally(interrupted));
  try {
    const figures = await story.play(chapters);
    const problems = [
      ...story.problems,
      ...(figures.dropped > 0 ? [`${figures.dropped} user requests were dropped`] : []),
    ];
    showReport(watch, figures, problems);
    if (keep) sayHowToLook(watch, stage);
    else await leave();
    return problems.length === 0 ? 0 : 1;
  } catch (error) {
    await leave();
    console.error(`\ndemo: ${error instanceof Error ? error.message : String(error)}`);
    console.error(`demo: Spillway's log is ${here(stage.log)}, its data ${here(OUT)}/data`);
    return 1;
  }
}

process.exitCode = await main();

import { setTimeout as wait } from 'node:timers/promises';
import { SpillwayError } from '../core/errors.ts';
import { instant, type Instant } from '../core/time.ts';
import { nextTick, Onlooker, type Counted, type Remark, type Watched, type Would } from '../replay/index.ts';
import { count, lasting, utc } from '../views/words.ts';
import type { Context } from './context.ts';
import { openCounts, type CountsOptions } from './counts-from.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { readPolicy } from './project.ts';
import type { Style } from './render/style.ts';
import { span, type Line } from './render/text.ts';

export interface ObserveOptions extends CountsOptions {
  readonly config: string;
  readonly env?: string;
  readonly canary: string;
  readonly stable: string;
}

const WORDS: Readonly<Record<Would, readonly [text: string, style: Style]>> = {
  wait: ['would wait', 'none'],
  proceed: ['would go on to 100%', 'good'],
  pause: ['would pause', 'warn'],
  retreat: ['would retreat', 'bad'],
  roll_back: ['would roll back', 'bad'],
};

const EXITS: Readonly<Record<Would, ExitCode>> = {
  wait: EXIT.timedOut,
  pause: EXIT.timedOut,
  proceed: EXIT.ok,
  retreat: EXIT.rolledBack,
  roll_back: EXIT.rolledBack,
};

/** A source that does not answer now may do so next time; anything else is a mistake of whoever asks. */
const PASSING = new Set<SpillwayError['code']>(['unavailable', 'timeout', 'corrupt', 'too_large']);

/** Watches a rollout that something else drives, and says what the policy would have done. Nothing is changed. */
export async function observeRollout(
  context: Context,
  options: ObserveOptions,
  { forMs, everyMs }: { readonly forMs: number; readonly everyMs: number },
): Promise<ExitCode> {
  const { io } = context;
  const { lane, plan } = await readPolicy(context, options.config, options.env);
  const { source, settings } = await openCounts(context, options, plan.analysis.metrics);
  const { canary, stable } = options;
  const watched: Watched = { source, query: { ...lane, settings }, canary, stable };
  const onlooker = new Onlooker({ lane, plan, canary, stable });
  const report = reporter(context, io.now());
  report.begin(watched);
  const begun = instant(io.now());
  const end = begun + forMs;
  let from: Counted = { canary: begun, stable: begun };
  for (let now = io.now(); ; now = io.now()) {
    const last = now >= end;
    from = await look(watched, onlooker, from, instant(Math.min(now, end)), report);
    if (last || io.interrupted.aborted) break;
    await wait(Math.min(everyMs, end - now), undefined, { signal: io.interrupted }).catch(() => undefined);
  }
  report.end(onlooker.last);
  if (io.interrupted.aborted) return EXIT.interrupted;
  return onlooker.last === undefined ? EXIT.timedOut : EXITS[onlooker.last.would];
}

/** @returns up to when is counted now */
async function look(
  watched: Watched,
  onlooker: Onlooker,
  from: Counted,
  now: Instant,
  report: Reporter,
): Promise<Counted> {
  let until = from;
  try {
    const seen = await nextTick(watched, from, now, onlooker.slowFrom);
    report.answered();
    if (seen !== undefined) {
      onlooker.see(seen);
      until = seen.counted;
    }
  } catch (error) {
    if (!(error instanceof SpillwayError) || !PASSING.has(error.code)) throw error;
    report.failed(error);
  }
  const remark = onlooker.look(now);
  if (remark !== undefined) report.remark(remark);
  return until;
}

type Reporter = ReturnType<typeof reporter>;

/** Lines for people, or a line of JSON for each thing that there is to say. */
function reporter(context: Context, startedAt: number) {
  const json = context.options().output === 'json';
  const say = (data: object, line: Line) => {
    if (json) context.io.stdout.write(`${JSON.stringify(data)}\n`);
    else context.print([line]);
  };
  let trouble: string | undefined;
  const stamp = (at: number) => span(`${utc(at)}  +${lasting(at - startedAt)}  `, 'dim');
  return {
    begin: ({ query: { application, environment }, canary, stable }: Watched) =>
      say({ type: 'begin', at: startedAt, application, environment, canary, stable }, [
        span(`${application}/${environment}`, 'bold'),
        span(`   watching ${canary} beside ${stable}; nothing is changed`, 'dim'),
      ]),
    remark: (remark: Remark) => {
      const [text, style] = WORDS[remark.would];
      const share = remark.share === null ? '' : ` at ${Math.round(remark.share)}% of the traffic`;
      say({ type: 'would', ...remark }, [
        stamp(remark.at),
        span(text, style),
        span(`${share}: ${remark.reason}`),
      ]);
    },
    failed: ({ message, code }: SpillwayError) => {
      if (message === trouble) return;
      trouble = message;
      const at = context.io.now();
      say({ type: 'no_answer', at, code, message }, [stamp(at), span(`no answer: ${message}`, 'warn')]);
    },
    answered: () => {
      trouble = undefined;
    },
    end: (last: Remark | undefined) => {
      const at = context.io.now();
      const { requests, errors } = last?.canary ?? { requests: 0, errors: 0 };
      const failed = `${count(errors)} of the canary's ${count(requests)} requests failed`;
      const said =
        last === undefined
          ? 'the canary had no requests'
          : `at the end it ${WORDS[last.would][0]}; ${failed}`;
      say({ type: 'end', at, would: last?.would ?? null, canary: { requests, errors } }, [
        stamp(at),
        span(said, 'bold'),
      ]);
    },
  };
}

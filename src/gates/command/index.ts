import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSettings } from '../../config/settings.ts';
import type { GateOutcome } from '../../core/deployment.ts';
import { SpillwayError } from '../../core/errors.ts';
import type { GatePlan } from '../../core/plan.ts';
import { formatDuration, milliseconds, seconds } from '../../core/time.ts';
import { runCommand, type CommandEnd } from '../../exec/command.ts';
import { minimalEnvironment, resolveEnvironment, type Secrets } from '../../exec/environment.ts';
import { copyTree, fileName } from '../../exec/files.ts';
import { end } from '../../exec/processes.ts';
import type { GateContext, GateRunner } from '../../ports/gate.ts';
import type { System } from '../../ports/system.ts';
import { readFigures } from './figures.ts';
import { openLog } from './log.ts';
import { maskText } from '../../exec/mask.ts';
import { commandGateSettings, type CommandGateSettings } from './schema.ts';
import { judge, type Verdict } from './verdict.ts';

export interface CommandGateOptions {
  /** Folder for output, and for the copies that gates run in. */
  readonly dir: string;
  readonly system: System;
  readonly secrets: Secrets;
  /** Everything that output must not show. */
  readonly secretValues: () => readonly string[];
}

const GRACE = seconds(5);

/** Runs gates that are commands, each in a copy of the artifact of its own. */
export const createCommandGate = (options: CommandGateOptions): GateRunner => ({
  async run(gate, context) {
    try {
      return await run(gate, context, options);
    } catch (error) {
      // What is configured wrongly stays so however often it is tried.
      if (!(error instanceof SpillwayError) || error.code !== 'config_invalid') throw error;
      const reason = `${error.where ?? gate.name}: ${error.message}`;
      return { verdict: 'fail', reason, figures: {}, evidence: null };
    }
  },
});

async function run(gate: GatePlan, context: GateContext, options: CommandGateOptions): Promise<GateOutcome> {
  const { system } = options;
  const settings = readSettings(commandGateSettings, gate.run.settings, `gates.${gate.name}`);
  const env = resolveEnvironment(settings.env, options.secrets);
  const folder = join(options.dir, fileName(context.deployment));
  const work = join(folder, `${fileName(gate.name)}.work`);
  const evidence = join(folder, `${gate.name}.log`);
  const mark = createHash('sha256').update(work).digest('hex').slice(0, 32);

  // What an earlier run left when Spillway itself was killed.
  await end({ leader: null, mark, reach: 'anywhere' }, milliseconds(0), (wait) => system.sleep(wait));
  await rm(work, { recursive: true, force: true });
  await copyTree(context.artifact, join(work, 'files'));
  await mkdir(join(work, 'tmp'));

  const secrets = options.secretValues();
  const log = await openLog(evidence, secrets);
  const limit = new AbortController();
  const cancel = system.after(gate.timeout, () => limit.abort());
  let ended: CommandEnd;
  let lastLine = '';
  try {
    ended = await runCommand({
      argv: settings.command,
      cwd: join(work, 'files'),
      env: { ...minimalEnvironment(), ...env, ...variablesOf(gate, context, work) },
      mark,
      signal: AbortSignal.any([context.signal, limit.signal]),
      grace: GRACE,
      sleep: (wait) => system.sleep(wait),
      output: (chunk, stream) => log.write(chunk, stream),
    });
  } finally {
    cancel();
    lastLine = await log.close();
  }
  const verdict = await verdictOf(ended, settings, {
    work,
    lastLine,
    gate,
    tookTooLong: limit.signal.aborted,
  });
  await rm(work, { recursive: true, force: true }).catch(() => undefined); // tried again before the next run
  return { ...masked(verdict, secrets), evidence };
}

/** What a command learns of the deployment. Values from outside come here and nowhere else, never into an argument. */
const variablesOf = (gate: GatePlan, context: GateContext, work: string): Record<string, string> => ({
  TMPDIR: join(work, 'tmp'),
  SPILLWAY_FIGURES: join(work, 'figures.json'),
  SPILLWAY_GATE: gate.name,
  SPILLWAY_DEPLOYMENT: context.deployment,
  SPILLWAY_APPLICATION: context.lane.application,
  SPILLWAY_ENVIRONMENT: context.lane.environment,
  SPILLWAY_VERSION: context.release.version,
  SPILLWAY_COMMIT: context.release.commit,
  SPILLWAY_ARTIFACT: context.release.artifact,
  SPILLWAY_REF: context.ref ?? '',
});

interface Ended {
  readonly work: string;
  readonly lastLine: string;
  readonly gate: GatePlan;
  readonly tookTooLong: boolean;
}

/** @throws SpillwayError `unavailable` when the machine could not start the command for want of something */
async function verdictOf(
  ended: CommandEnd,
  settings: CommandGateSettings,
  { work, lastLine, gate, tookTooLong }: Ended,
): Promise<Verdict> {
  const fail = (reason: string): Verdict => ({ verdict: 'fail', reason, figures: {} });
  const [program = ''] = settings.command;
  switch (ended.kind) {
    case 'exited':
      return judge(settings, ended.code, await readFigures(join(work, 'figures.json')), lastLine);
    case 'killed':
      return fail(`${program} was ended by ${ended.signal}${lastLine ? `: ${lastLine.slice(0, 500)}` : ''}`);
    case 'aborted':
      return fail(tookTooLong ? `took longer than ${formatDuration(gate.timeout)}` : 'was called off');
    case 'not_started':
      if (['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE'].includes(ended.code))
        throw new SpillwayError('unavailable', `${program} could not be started: ${ended.reason}`, {
          where: `gates.${gate.name}`,
          hint: 'The machine is out of processes, memory or open files; it is tried again.',
        });
      return fail(ended.code === 'ENOENT' ? `command not found: ${program}` : `${program}: ${ended.reason}`);
  }
}

const masked = ({ verdict, reason, figures }: Verdict, secrets: readonly string[]): Verdict => ({
  verdict,
  reason: maskText(reason, secrets),
  figures: Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      maskText(name, secrets),
      typeof value === 'string' ? maskText(value, secrets) : value,
    ]),
  ),
});

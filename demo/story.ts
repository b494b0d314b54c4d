import { renameSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { markSpan } from '../src/cli/render/canvas.ts';
import { blank, span, wrap, type Line } from '../src/cli/render/text.ts';
import type { DeploymentId } from '../src/core/ids.ts';
import { weightOf } from '../src/core/weights.ts';
import type { DeploymentAnswer } from '../src/cli/feed.ts';
import { isLaneEvent } from '../src/views/sentence.ts';
import { lasting } from '../src/views/words.ts';
import { failedUnderFixedRule, FIXED_RULE, recordedOf, type ReleaseFigures } from './figures.ts';
import { Journal } from './journal.ts';
import { Load } from './load-process.ts';
import { RELEASES, type Release, type ReleaseName } from './releases.ts';
import type { AuditFigures, Figures } from './report.ts';
import { OUT, WEBHOOK_SECRET, type Stage } from './stage.ts';
import type { Watch } from './watch.ts';
import { reportAsGithub } from './webhook.ts';

/** Users of the shop; they leave by themselves after the longest run there can be. */
const USERS_PER_SECOND = 800;
const USERS_STAY_S = 480;
/** A release that has come to no end after this has gone wrong. */
const RELEASE_LIMIT_MS = 180_000;
const ARRIVAL_LIMIT_MS = 15_000;
/** The load generator reports every 250 ms. */
const LOAD_DELAY_MS = 600;
/** How long Spillway stays dead, so that one can see that nobody misses it. */
const DEAD_MS = 2000;
/** A request is sent a moment before the edge draws its version. */
const CLOCK_MS = 50;

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Chapters that are told; `v2`: a good release alone, for benchmarks. */
export type Chapters = 'all' | 'v2';

/** Plays the story on a stage, tells it as it happens, and keeps its figures. */
export class Story {
  readonly #stage: Stage;
  readonly #watch: Watch;
  readonly #began: number;
  readonly #journal: Journal;
  readonly #releases: ReleaseFigures[] = [];
  /** Where what happened is not what was to happen. */
  readonly problems: string[] = [];
  #load: Load | undefined;
  #deployment: DeploymentId | undefined;
  #notice: string | null = null;
  #restartDropped: number | null = null;
  #firstRollbackMs: number | null = null;

  /** @param began when the run began, epoch milliseconds */
  constructor(stage: Stage, watch: Watch, began: number) {
    this.#stage = stage;
    this.#watch = watch;
    this.#began = began;
    this.#journal = new Journal(stage.client, (event) => watch.tell(event));
  }

  async play(chapters: Chapters): Promise<Figures> {
    const readyMs = await this.#stage.up();
    this.#command('hook', 'install', this.#stage.history.origin);
    const restMb = this.#stage.memory;
    this.#watch.show(() => ({
      client: this.#stage.client,
      journal: this.#journal,
      load: this.#load,
      deployment: this.#deployment,
      notice: this.#notice,
    }));
    await this.#release('v1', 'The first release: gates, two instances, health checks, all of the traffic');
    await this.#release('v2', 'A good release: a canary in four steps, judged against v1 at every second');
    const audit = chapters === 'all' ? await this.#rest() : null;
    await this.end();
    return {
      releases: this.#releases,
      requests: this.#load?.requests ?? 0,
      dropped: this.#load?.dropped ?? 0,
      restartDropped: this.#restartDropped,
      audit,
      firstRollbackMs: this.#firstRollbackMs,
      durationMs: Date.now() - this.#began,
      readyMs,
      restMb,
    };
  }

  /** Sends the users home and stops to look. */
  async end(): Promise<void> {
    this.#watch.clear();
    await this.#load?.stop();
    this.#journal.stop();
  }

  async #rest(): Promise<AuditFigures> {
    await this.#release('v3', 'A bad one: one product in 20 has no price, and its pages fail');
    this.#compareWithFixedRule();
    await this.#release('v4', 'One that does not even start: a key is missing that nobody has set');
    await this.#release('v5', 'A slow one, twice the p95; this push is reported by a signed GitHub webhook');
    await this.#release('v6', 'The code of v2 with one bad value: only spillway.yaml has changed');
    await this.#release('v7', 'A good one again; Spillway itself is killed in the middle of its canary');
    return this.#audit();
  }

  async #release(name: ReleaseName, title: string): Promise<void> {
    const release = RELEASES.find((one) => one.name === name);
    if (release === undefined) throw new Error(`there is no release ${name}`);
    this.#watch.say(blank, [span(`${name}  `, 'accent'), span(title, 'bold')]);
    const before = { requests: this.#load?.requests ?? 0, dropped: this.#load?.dropped ?? 0 };
    const deployment = await this.#push(release);
    if (name === 'v1') await this.#letUsersIn(deployment);
    if (name === 'v7') await this.#killInTheMiddle(deployment);
    await this.#journal.until(`the end of ${name}`, RELEASE_LIMIT_MS, () => this.#ending(deployment));
    await wait(LOAD_DELAY_MS);
    const figures = await this.#figuresOf(release, deployment, before);
    this.#releases.push(figures);
    this.#check(release, figures);
    this.#watch.say(...this.#outcomeLines(figures));
  }

  /** Commits, pushes, and finds what that has led to. */
  async #push(release: Release): Promise<DeploymentId> {
    const { history, hooks } = this.#stage;
    history.commit(release);
    const hook = join(history.origin, 'hooks', 'post-receive');
    const asWebhook = release.name === 'v5';
    if (asWebhook) renameSync(hook, `${hook}.off`);
    const push = history.push();
    if (asWebhook) {
      await reportAsGithub(hooks, WEBHOOK_SECRET, push);
      renameSync(`${hook}.off`, hook);
    }
    this.#deployment = await this.#journal.until(
      `the deployment of ${release.name}`,
      ARRIVAL_LIMIT_MS,
      () => {
        const asked = this.#journal.events.find(
          ({ event }) =>
            isLaneEvent(event) &&
            event.type === 'deployment.requested' &&
            event.request.commit === push.after,
        );
        return asked?.deployment ?? undefined;
      },
    );
    return this.#deployment;
  }

  async #letUsersIn(deployment: DeploymentId): Promise<void> {
    await this.#journal.until('v1 to take the traffic', RELEASE_LIMIT_MS, () =>
      this.#journal.last(deployment, 'traffic.shifted'),
    );
    this.#load = new Load(this.#stage.shop, USERS_PER_SECOND, USERS_STAY_S);
  }

  #ending(deployment: DeploymentId): true | undefined {
    if (this.#load?.broken) throw new Error('the load generator has ended');
    const ends = ['deployment.completed', 'deployment.failed', 'deployment.rejected'] as const;
    return ends.some((type) => this.#journal.last(deployment, type) !== undefined) || undefined;
  }

  async #figuresOf(
    { name }: Release,
    deployment: DeploymentId,
    before: { readonly requests: number; readonly dropped: number },
  ): Promise<ReleaseFigures> {
    const { decidedAt, ...recorded } = recordedOf(this.#journal.of(deployment));
    const answer = await this.#stage.client.get<DeploymentAnswer>(`/api/v1/deployments/${deployment}`);
    const { requests = 0, dropped = 0 } = this.#load ?? {};
    const seen = this.#load?.of(answer.deployment.revision?.release.version ?? '');
    const { outcome } = recorded;
    const lastServed =
      seen && seen.requests > 0 && outcome === 'rolled_back' ? seen.lastSentAt - decidedAt : null;
    return {
      release: name,
      version: answer.version,
      ...recorded,
      lastServedMs: lastServed === null ? null : Math.round(lastServed),
      served: requests - before.requests,
      met: seen?.requests ?? 0,
      failed: seen?.failed ?? 0,
      dropped: dropped - before.dropped,
    };
  }

  #check({ name, expected }: Release, figures: ReleaseFigures): void {
    const { outcome, reason, trafficZeroMs, lastServedMs } = figures;
    const kept = expected === 'completed' ? outcome === 'completed' : outcome !== 'completed';
    if (!kept)
      this.problems.push(`${name} was to be ${expected.replace('_', ' ')}; it is ${outcome}: ${reason}`);
    if (lastServedMs !== null && lastServedMs > (trafficZeroMs ?? 0) + CLOCK_MS)
      this.problems.push(`${name} answered a request ${lastServedMs} ms after it was to be rolled back`);
    if (expected === 'rolled_back') this.#firstRollbackMs ??= Date.now() - this.#began;
  }

  #outcomeLines(figures: ReleaseFigures): readonly Line[] {
    const { canvas } = this.#watch;
    const { version, outcome, reason, decisionMs, dropped } = figures;
    const good = outcome === 'completed';
    const after = lasting(decisionMs);
    const what = good ? `all of the traffic after ${after}` : `${outcome.replace('_', ' ')} after ${after}`;
    return [
      [
        markSpan(good ? 'done' : 'failed', canvas.glyphs),
        span(` ${version}: ${what}`, good ? 'good' : 'bad'),
      ],
      ...wrap(reason, canvas.width - 4).map((text) => [span(`    ${text}`)]),
      ...(good ? [] : wrap(exposureOf(figures), canvas.width - 4)).map((text) => [
        span(`    ${text}`, 'dim'),
      ]),
      ...(dropped === 0 ? [] : [[span(`    ${dropped} requests dropped`, 'bad')]]),
    ];
  }

  /** What v3 has cost, and what it would have cost under the rule that many tools ship with. */
  #compareWithFixedRule(): void {
    const v3 = this.#releases.find(({ release }) => release === 'v3');
    const started = this.#journal.events.findLast(
      ({ event }) => event.type === 'deployment.requested',
    )?.event;
    if (v3 === undefined || started?.type !== 'deployment.requested' || !isLaneEvent(started)) return;
    const seen = this.#load?.of(v3.version);
    const rate = (seen?.failed ?? 0) / Math.max(1, seen?.requests ?? 0);
    const perSecond = this.#load?.present.perSecond ?? 0;
    const { steps } = started.plan;
    const other = Math.round(failedUnderFixedRule(steps, perSecond, rate));
    const text =
      `User requests that v3 failed: ${v3.failed}. With ${FIXED_RULE.checks} failed one-minute checks at a limit of ` +
      `${FIXED_RULE.limit} it would have been about ${other.toLocaleString('en')} (extrapolated: ` +
      `${(rate * 100).toFixed(1)}% of ${Math.round(perSecond)} requests a second, along the planned weights, for ` +
      `${FIXED_RULE.checks} minutes).`;
    this.#watch.say(
      ...wrap(text, this.#watch.canvas.width - 4).map((line) => [span(`    ${line}`, 'accent')]),
    );
  }

  /** Kills Spillway at 10%, leaves it dead for a moment, and lets it find its way. */
  async #killInTheMiddle(deployment: DeploymentId): Promise<void> {
    await this.#journal.until('v7 at 10%', RELEASE_LIMIT_MS, () =>
      this.#journal.last(deployment, 'traffic.shifted')?.weight === weightOf(10) ? true : undefined,
    );
    await wait(1500);
    const before = this.#load?.dropped ?? 0;
    await this.#stage.kill();
    this.#notice = 'Spillway is dead (SIGKILL). The edge and the instances go on without it.';
    this.#watch.say([span('    Spillway is killed (SIGKILL) at 10% of the traffic', 'warn')]);
    await wait(DEAD_MS);
    const tookMs = await this.#stage.up();
    this.#notice = null;
    const text = `    Spillway is back after ${lasting(DEAD_MS + tookMs)}, and goes on where it was`;
    this.#watch.say([span(text, 'warn')]);
    await this.#journal.until('v7 to go on', RELEASE_LIMIT_MS, () =>
      (this.#journal.last(deployment, 'canary.step')?.step ?? 0) > 1 ? true : this.#ending(deployment),
    );
    this.#restartDropped = (this.#load?.dropped ?? 0) - before;
    const steps = this.#journal
      .of(deployment)
      .flatMap((event) => (event.type === 'canary.step' ? [event.step] : []));
    if (steps.some((step, index) => step !== index))
      this.problems.push(`v7 did not go on where it was: it took the steps ${steps.join(', ')}`);
  }

  /** Exports the audit log, verifies it, and verifies it again with one byte changed. */
  #audit(): AuditFigures {
    const file = join(OUT, 'audit.jsonl');
    const { said } = this.#command('audit', 'export');
    writeFileSync(file, said);
    const verified = this.#stage.spillway('audit', 'verify', file);
    const changed = join(OUT, 'audit-changed.jsonl');
    writeFileSync(changed, withOneByteChanged(readFileSync(file)));
    const tampered = this.#stage.spillway('audit', 'verify', changed);
    if (verified.code !== 0) this.problems.push(`the audit log does not verify: ${verified.said}`);
    if (tampered.code === 0) this.problems.push('a changed audit log verifies');
    const events = said.trimEnd().split('\n').length - 2;
    const firstOf = (text: string) => span(`    ${text.trim().split('\n')[0] ?? ''}`, 'dim');
    this.#watch.say(
      blank,
      [span('audit  ', 'accent'), span(`${events} events exported, and proved from the file alone`, 'bold')],
      [firstOf(verified.said)],
      [span('    and with one byte changed:')],
      [firstOf(tampered.said)],
    );
    return { events, verified: verified.code === 0, tampered_detected: tampered.code !== 0 };
  }

  /** A command that must succeed. */
  #command(...args: readonly string[]) {
    const result = this.#stage.spillway(...args);
    if (result.code !== 0) throw new Error(`spillway ${args.join(' ')} failed: ${result.said}`);
    return result;
  }
}

/** How many requests a bad release has met, and how fast it was gone. */
function exposureOf({ met, failed, canaryRequests, trafficZeroMs }: ReleaseFigures): string {
  const users =
    met === 0
      ? 'no user request met it'
      : `${canaryRequests} user requests had met it at the verdict, ${met} in all; ${failed} of them failed`;
  return trafficZeroMs === null ? users : `${users}; 0% of the traffic ${trafficZeroMs} ms after the verdict`;
}

/** A digit in the middle becomes another one. */
function withOneByteChanged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  let at = Math.floor(copy.length / 2);
  const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;
  while (!isDigit(copy[at])) at++;
  copy[at] = copy[at] === 0x31 ? 0x32 : 0x31;
  return copy;
}

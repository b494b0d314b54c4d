import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { Measured } from '../../../bench/lib/report.ts';
import { none } from './figures.ts';
import type { FromReplica, Kept } from './messages.ts';
import { SICK } from './releases.ts';
import { ReplicaProcess } from './replica-process.ts';
import { SharedWorld } from './shared-world.ts';

/** A task that a replica has in its hands. */
interface Claim {
  readonly by: number;
  readonly priority: number;
}

/** Something that a replica had under way when it went away, until it is taken up again. */
interface Interrupted {
  readonly what: string;
  /** Looks of the judge and tasks of rollbacks; else everything else. */
  readonly urgent: boolean;
  readonly since: number;
  readonly by: number;
  resumedAt: number | null;
}

/** A deployment that was asked for, and acknowledged. */
interface Asked {
  readonly id: string;
  readonly application: string;
  readonly at: number;
}

/** Every so many releases one falls ill. */
const SICK_EVERY = 5;
const ENDED = ['completed', 'failed', 'rejected'];
const ASK_AGAIN_MS = 250;
const MOST_SAID = 20;
/** So long a request may go unanswered before it is sent to another replica. */
const ANSWER_MS = 8000;
/** A look that is older was not the last before the fault. */
const LOOKING_MS = 2000;

/** Some replicas on one database, the world they share, what they were asked for, and what they said. */
export class Fleet {
  readonly world = new SharedWorld();
  readonly replicas: ReplicaProcess[] = [];
  readonly acknowledged: Asked[] = [];
  readonly interrupted: Interrupted[] = [];
  /** When anything was last said to be durable. */
  keptAt = 0;
  readonly #kept = new Map<number, Kept>();
  readonly #claims = new Map<string, Claim>();
  readonly #answers = new Map<string, (accepted: boolean) => void>();
  readonly #url: string;
  readonly #log: string;
  readonly #applications: number;
  #turn = 0;
  #asking: Promise<unknown>[] = [];
  #stopAsking = new AbortController();

  /** @param applications deployments take turns among so many */
  constructor(url: string, log: string, applications: number) {
    this.#url = url;
    this.#log = log;
    this.#applications = applications;
    this.world.onLook = (route, by) => this.#resumed(`look at ${route}`, by);
  }

  /** Starts so many replicas, and returns when all of them work. */
  async start(count: number): Promise<void> {
    for (let i = 0; i < count; i++) this.replicas.push(this.#process());
    await Promise.all(this.replicas.map((replica) => replica.ready()));
  }

  /** Starts one more, which reaches the database by another way. @param through what its command begins with */
  async add(url: string, through: readonly string[]): Promise<ReplicaProcess> {
    const replica = new ReplicaProcess(
      url,
      this.#log,
      (message, from) => this.#heard(message, from),
      through,
    );
    this.replicas.push(replica);
    await replica.ready();
    return replica;
  }

  /** Kills a replica, and starts another in its place. */
  async replace(index: number): Promise<void> {
    const replica = this.replicas[index];
    if (replica === undefined) return;
    this.goesAway(replica);
    await replica.kill();
    this.replicas[index] = this.#process();
  }

  /** Takes down what a replica has under way: from now on its being taken up by another is waited for. */
  goesAway({ pid: by }: ReplicaProcess): void {
    const since = Date.now();
    const add = (what: string, urgent: boolean) =>
      this.interrupted.push({ what, urgent, since, by, resumedAt: null });
    for (const [key, claim] of this.#claims) if (claim.by === by) add(`task ${key}`, claim.priority === 0);
    for (const [route, look] of this.world.looks)
      if (look.by === by && since - look.at < LOOKING_MS) add(`look at ${route}`, true);
  }

  /** Asks for deployments at this rate until it is told to stop. */
  deploy(perSecond: number): void {
    const pause = 1000 / perSecond;
    const began = performance.now();
    this.#asking.push(
      (async () => {
        for (let n = 0; !this.#stopAsking.signal.aborted; n++) {
          this.#asking.push(this.request());
          await sleep(Math.max(0, began + n * pause - performance.now()));
        }
      })(),
    );
  }

  /** Lets no more be asked for, and waits until all that was asked for is acknowledged. */
  async stopDeploying(): Promise<void> {
    this.#stopAsking.abort();
    while (this.#asking.length > 0) await Promise.all(this.#asking.splice(0));
  }

  /** Asks one replica after the other for a deployment until one has acknowledged it. */
  async request(): Promise<Asked> {
    const turn = this.#turn++;
    const application = `app-${turn % this.#applications}`;
    const sick = turn >= this.#applications && turn % SICK_EVERY === 0;
    const id = randomUUID();
    const version = `${sick ? SICK : 'v'}${turn}`;
    for (let tries = turn; ; tries++) {
      const replica = this.replicas[tries % this.replicas.length];
      if (replica?.running && (await this.#ask(replica, { id, application, version }))) break;
      await sleep(ASK_AGAIN_MS);
    }
    const asked = { id, application, at: Date.now() };
    this.acknowledged.push(asked);
    return asked;
  }

  async #query(text: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.#url, query_timeout: 20_000 });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text, [...values])).rows;
    } finally {
      await client.end();
    }
  }

  /** Waits until everything that was acknowledged has ended. @returns what has not, by then */
  async #ended(limitMs: number): Promise<readonly string[]> {
    const over = performance.now() + limitMs;
    for (;;) {
      const left = await this.#unended().catch((error: unknown) => [String(error)]);
      if (left.length === 0 || performance.now() > over) return left;
      await sleep(500);
    }
  }

  /** What was acknowledged and has led to no deployment, or to one that has not ended. */
  async #unended(): Promise<readonly string[]> {
    const rows = await this.#query(
      `SELECT snapshot::json->'request'->>'event' AS event, state, snapshot::json->'request'->>'version' AS version, ARRAY(SELECT type FROM spillway.events
         WHERE deployment = d.id ORDER BY sequence) AS story,
         ARRAY(SELECT format('%s state %s owner %s attempt %s', key, state, owner, attempt) FROM spillway.tasks
           WHERE deployment = d.id) AS tasks FROM spillway.deployments AS d`,
    );
    const states = new Map(rows.map(({ event, state }) => [String(event), String(state)]));
    const stories = new Map(
      rows.map(({ event, version, story, tasks }) => [
        String(event),
        `${String(version)} ${String(story)}; open: ${String(tasks)}`,
      ]),
    );
    return this.acknowledged.flatMap(({ id }) => {
      const state = states.get(id);
      return state !== undefined && ENDED.includes(state)
        ? []
        : [`${id}: ${state ?? 'no deployment'}: ${stories.get(id)}`];
    });
  }

  /** Events that were said to be durable and are not there, or are others now. */
  async #lost(): Promise<readonly string[]> {
    const rows = await this.#query('SELECT sequence::text, id, type FROM spillway.events');
    const found = new Map(
      rows.map(({ sequence, id, type }) => [Number(sequence), `${String(id)} ${String(type)}`]),
    );
    return [...this.#kept.values()].flatMap(({ sequence, id, type }) =>
      found.get(sequence) === `${id} ${type}` ? [] : [`${sequence}: ${id} ${type}`],
    );
  }

  /** Waits until something is said to be durable after this moment. @returns how long after it, ms; the limit when it takes longer */
  async keptAfter(at: number, limitMs: number): Promise<number> {
    while (this.keptAt <= at && Date.now() < at + limitMs) await sleep(20);
    return this.keptAt > at ? this.keptAt - at : limitMs + 1;
  }

  /** The replica that looks at most lanes now. */
  busiest(): ReplicaProcess {
    const looks = [...this.world.looks.values()];
    const of = ({ pid }: ReplicaProcess) => looks.filter(({ by }) => by === pid).length;
    const [most] = this.replicas.toSorted((a, b) => of(b) - of(a));
    if (most === undefined) throw new Error('there are no replicas');
    return most;
  }

  /** Whether everything that was acknowledged is there, once and ended. */
  async account(limitMs: number): Promise<readonly Measured[]> {
    const left = await this.#ended(limitMs);
    const [lost, doubled] = [await this.#lost(), await this.#doubledOutcomes()];
    for (const one of [...left, ...lost, ...doubled].slice(0, MOST_SAID)) console.log(`  ${one}`);
    const old = this.world.sets.filter(({ accepted, fence, newest }) => accepted && fence < newest);
    return [
      { what: 'deployments acknowledged', unit: '', value: this.acknowledged.length },
      none('of them lost or not ended', left.length),
      { what: 'events said to be durable', unit: '', value: this.#kept.size },
      none('of them lost', lost.length),
      none('outcomes recorded twice', doubled.length),
      none('instances launched beyond what was asked for', this.world.doubled()),
      none('routings accepted under an old fence', old.length),
    ];
  }

  /** Outcomes recorded twice for one effect, and deployments that ended twice. */
  async #doubledOutcomes(): Promise<readonly string[]> {
    const rows = await this.#query(
      `SELECT deployment, type, data::json->>'key' AS key, count(*)::int AS times FROM spillway.events
       WHERE deployment IS NOT NULL AND (data::json->>'key' IS NOT NULL OR type IN ('deployment.requested',
         'deployment.completed', 'deployment.failed', 'deployment.rejected'))
       GROUP BY 1, 2, 3 HAVING count(*) > 1`,
    );
    return rows.map((row) => JSON.stringify(row));
  }

  async close(): Promise<void> {
    this.#stopAsking.abort();
    await Promise.all(this.replicas.map((replica) => replica.kill()));
    this.world.close();
  }

  #process(): ReplicaProcess {
    return new ReplicaProcess(this.#url, this.#log, (message, from) => this.#heard(message, from));
  }

  #ask(replica: ReplicaProcess, request: { readonly id: string; application: string; version: string }) {
    return new Promise<boolean>((resolve) => {
      const late = setTimeout(() => resolve(false), ANSWER_MS);
      this.#answers.set(request.id, (accepted) => {
        clearTimeout(late);
        resolve(accepted);
      });
      replica.tell({ kind: 'request', ...request });
    });
  }

  #heard(message: FromReplica, from: ReplicaProcess): void {
    const by = from.pid;
    if (message.kind === 'call') void this.world.answer(message, by).then((answer) => from.tell(answer));
    else if (message.kind === 'answer') this.#answers.get(message.id)?.(message.accepted);
    else if (message.kind === 'kept') {
      for (const event of message.events) this.#kept.set(event.sequence, event);
      this.keptAt = Date.now();
    } else if (message.kind === 'concluded') this.#claims.delete(message.key);
    else if (message.kind === 'claimed')
      for (const { key, priority } of message.tasks) {
        this.#claims.set(key, { by, priority });
        this.#resumed(`task ${key}`, by);
      }
  }

  #resumed(what: string, by: number): void {
    for (const one of this.interrupted)
      if (one.resumedAt === null && one.by !== by && one.what === what) one.resumedAt = Date.now();
  }
}

/** What the slowest of these took, ms; undefined when there were none that were taken up again. */
export function slowest(interrupted: readonly Interrupted[]): number {
  return Math.max(
    0,
    ...interrupted.flatMap(({ since, resumedAt }) => (resumedAt === null ? [] : [resumedAt - since])),
  );
}

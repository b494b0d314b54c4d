import { randomUUID } from 'node:crypto';
import { messageOf, SpillwayError } from '../core/errors.ts';
import { shortRef } from '../views/words.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { keepPending } from './pending.ts';
import { clean } from './render/text.ts';
import { refusedEvent, type EventAnswer } from './sent.ts';

/** More of standard input than any push has. */
const MOST_BYTES = 1024 * 1024;

/** Sends what was pushed, and tells the one who pushed. The push has happened: whatever goes wrong, it does not fail. */
export async function reportPush(context: Context, app: string | undefined): Promise<ExitCode> {
  const { io, commands } = context;
  const say = (text: string) => void io.stdout.write(`spillway: ${clean(text)}\n`);
  try {
    const git = await commands.gitHook();
    for (const update of git.parse(await readAll(io.stdin))) {
      const deliveryId = randomUUID();
      const body = JSON.stringify({ ...update, actor: io.user, deliveryId, application: app });
      for (const text of await report(context, shortRef(update.ref), deliveryId, body)) say(text);
    }
  } catch (error) {
    say(`the push was not reported: ${messageOf(error)}`);
    if (error instanceof SpillwayError && error.hint !== undefined) say(error.hint);
  }
  return EXIT.ok;
}

async function report(
  context: Context,
  ref: string,
  deliveryId: string,
  body: string,
): Promise<readonly string[]> {
  try {
    const answer = await context.client().post<EventAnswer>('/hooks/git', body, { prefer: 'wait' });
    return told(answer, ref);
  } catch (error) {
    if (!(error instanceof SpillwayError) || error.code !== 'unavailable') throw error;
    await keepPending(context.dataDir(), { trigger: 'git', deliveryId, body, at: context.io.now() });
    return [
      `${ref}: the server is not running; the push is kept and reported when it starts (spillway up)`,
      'or deploy by hand once it runs: spillway deploy',
    ];
  }
}

function told(answer: EventAnswer, ref: string): readonly string[] {
  const refused = refusedEvent(answer);
  if (refused) return [`${ref}: ${refused.error.message}`];
  if (answer.status !== 'accepted') return [];
  if (answer.deployments.length === 0)
    return [`${ref}: accepted; see spillway events explain ${answer.event}`];
  return answer.deployments.map(
    ({ short, application, version, environment }) =>
      `deployment ${short} of ${application} ${version} to ${environment} requested; follow: spillway watch ${short}`,
  );
}

async function readAll(stdin: AsyncIterable<Uint8Array | string>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MOST_BYTES)
      throw new SpillwayError('too_large', 'standard input is larger than any push', { where: 'stdin' });
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}

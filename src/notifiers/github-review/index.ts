import { request, type Dispatcher } from 'undici';
import { messageOf } from '../../core/errors.ts';
import type { Receipt } from '../../ports/notifier.ts';
import type { ReviewAnswer, Reviewer, ReviewRequest } from '../../ports/reviewer.ts';
import type { Clock } from '../../ports/system.ts';
import { appToken } from './app.ts';
import type { GithubReviewSettings } from './schema.ts';

/** As long as GitHub takes them. */
const COMMENT_LENGTH = 1024;
const ANSWER_LENGTH = 200;
/** Answers are small; more is not read. */
const ANSWER_BYTES = 64 * 1024;

type Outcome = Omit<Receipt, 'latencyMs'>;
type Reply = { readonly ok: true; readonly body: string } | { readonly ok: false; readonly outcome: Outcome };

/** Approves or rejects deployments that wait for a custom deployment protection rule, as a GitHub App. */
export const githubReviewer = (settings: GithubReviewSettings, clock: Clock): Reviewer => ({
  environmentFor: (theirs) =>
    Object.hasOwn(settings.environments, theirs) ? (settings.environments[theirs] ?? theirs) : theirs,
  async answer(asked, answer, signal) {
    const began = clock.monotonic();
    const outcome = await review(settings, clock, asked, answer, signal);
    return { ...outcome, latencyMs: clock.monotonic() - began };
  },
});

async function review(
  settings: GithubReviewSettings,
  clock: Clock,
  { repository, run, environment, installation }: ReviewRequest,
  { state, comment }: ReviewAnswer,
  signal: AbortSignal,
): Promise<Outcome> {
  if (installation === null) return failed('the event names no installation of the App', false);
  const app = appToken(settings.appId, settings.privateKey, clock.now());
  const access = await post(settings, `/app/installations/${installation}/access_tokens`, app, {}, signal);
  if (!access.ok) return access.outcome;
  const token = tokenIn(access.body);
  if (token === undefined) return failed('GitHub gave no token', true);
  const path = `/repos/${repository}/actions/runs/${run}/deployment_protection_rule`;
  const body = { environment_name: environment, state, comment: comment.slice(0, COMMENT_LENGTH) };
  const reviewed = await post(settings, path, token, body, signal);
  return reviewed.ok
    ? { delivered: true, answer: state, retryAfterMs: null, retry: false }
    : reviewed.outcome;
}

/** To the configured API and nowhere else; redirects are not followed. */
async function post(
  { api, timeoutMs }: GithubReviewSettings,
  path: string,
  token: string,
  body: object,
  signal: AbortSignal,
): Promise<Reply> {
  try {
    const response = await request(`${api.replace(/\/+$/, '')}${path}`, {
      method: 'POST',
      headers: {
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
        'content-type': 'application/json',
        'user-agent': 'spillway',
        authorization: `Bearer ${token}`,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    return await replyOf(response);
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    return { ok: false, outcome: failed(late ? `no answer in ${timeoutMs}ms` : messageOf(error), true) };
  }
}

async function replyOf({ statusCode, headers, body }: Dispatcher.ResponseData): Promise<Reply> {
  const text = await beginningOf(body);
  if (statusCode >= 200 && statusCode < 300) return { ok: true, body: text };
  const wait = Number(headers['retry-after']);
  // A limit on requests is told by 429, or by 403 with the time to wait or with nothing left (GitHub's own rule).
  const limited = statusCode === 403 && (wait > 0 || headers['x-ratelimit-remaining'] === '0');
  const retry = statusCode >= 500 || statusCode === 408 || statusCode === 429 || limited;
  const said = text.replaceAll(/\s+/g, ' ').slice(0, ANSWER_LENGTH);
  const outcome = failed(`${statusCode} ${said}`.trim(), retry);
  return { ok: false, outcome: { ...outcome, retryAfterMs: retry && wait > 0 ? wait * 1000 : null } };
}

async function beginningOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length >= ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replaceAll(/\p{Cc}+/gu, ' ');
}

function tokenIn(text: string): string | undefined {
  try {
    const { token } = JSON.parse(text) as { readonly token?: unknown };
    return typeof token === 'string' && /^[\x21-\x7E]{1,500}$/.test(token) ? token : undefined;
  } catch {
    return undefined;
  }
}

const failed = (answer: string, retry: boolean): Outcome => ({
  delivered: false,
  answer,
  retryAfterMs: null,
  retry,
});

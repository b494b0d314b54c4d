import { request, type Dispatcher } from 'undici';
import { messageOf } from '../../core/errors.ts';
import type { Notification } from '../../core/notification.ts';
import type { Notifier, Receipt } from '../../ports/notifier.ts';
import type { Clock } from '../../ports/system.ts';
import { cloudEvent, messageId, signatureHeaders } from './message.ts';
import type { WebhookSettings } from './schema.ts';

/** As much of the answer as a receipt keeps. */
const ANSWER_LENGTH = 200;
const ANSWER_BYTES = 4096;
const LONGEST_RETRY_AFTER_MS = 24 * 3_600_000;

/** Posts every message as a signed CloudEvent. Redirects are not followed: the configured address is the one meant. */
export const webhookNotifier = (settings: WebhookSettings, clock: Clock): Notifier => ({
  async deliver(message, key, signal) {
    const began = clock.monotonic();
    const outcome = await post(settings, clock, message, key, signal);
    return { ...outcome, latencyMs: clock.monotonic() - began };
  },
});

type Outcome = Omit<Receipt, 'latencyMs'>;

async function post(
  { url, secret, timeoutMs }: WebhookSettings,
  clock: Clock,
  message: Notification,
  key: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const id = messageId(key);
  const body = JSON.stringify(cloudEvent(message, id));
  try {
    const response = await request(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        'user-agent': 'spillway',
        ...signatureHeaders(secret, id, clock.now(), body),
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    return await outcomeOf(response, clock);
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    return failed(late ? `no answer in ${timeoutMs}ms` : causeOf(error), true);
  }
}

async function outcomeOf(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  clock: Clock,
): Promise<Outcome> {
  const text = await firstOf(body);
  const answer = `${statusCode}${text === '' ? '' : ` ${text}`}`;
  if (statusCode >= 200 && statusCode < 300)
    return { delivered: true, answer, retryAfterMs: null, retry: false };
  // 408, 425 and 429 ask to be tried again; other refusals stay refusals, and redirects are not followed.
  const retry = statusCode >= 500 || statusCode === 408 || statusCode === 425 || statusCode === 429;
  return { ...failed(answer, retry), retryAfterMs: retry ? retryAfter(headers['retry-after'], clock) : null };
}

const failed = (answer: string, retry: boolean): Outcome => ({
  delivered: false,
  answer: answer.slice(0, ANSWER_LENGTH),
  retryAfterMs: null,
  retry,
});

/** The beginning of an answer on one line; the rest is not read. */
async function firstOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.byteLength;
    if (length >= ANSWER_BYTES) break;
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, ANSWER_LENGTH);
}

/** `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), as milliseconds from now; null when it makes no sense. */
function retryAfter(header: string | string[] | undefined, clock: Clock): number | null {
  const value = Array.isArray(header) ? header[0] : header;
  if (value === undefined) return null;
  const wait = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - clock.now();
  return Number.isFinite(wait) ? Math.min(Math.max(0, wait), LONGEST_RETRY_AFTER_MS) : null;
}

/** `connect ECONNREFUSED 127.0.0.1:9`, also when it lies behind a general message. */
function causeOf(error: unknown): string {
  const cause = error instanceof AggregateError ? error.errors[0] : error;
  return messageOf(cause) || 'no connection';
}

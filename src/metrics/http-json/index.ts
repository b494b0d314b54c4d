import { resolveReferences } from '../../config/references.ts';
import { readSettings } from '../../config/settings.ts';
import { SpillwayError } from '../../core/errors.ts';
import { instant, type Instant } from '../../core/time.ts';
import type { MetricArm, MetricQuery, MetricSource, MetricWindow } from '../../ports/metrics.ts';
import type { Clock } from '../../ports/system.ts';
import { fetchJson, placeOf } from '../fetch-json.ts';
import type { Sample } from '../increase.ts';
import { SampleMemory } from '../memory.ts';
import { believable, cannotBeTrue } from '../refusal.ts';
import { fillTemplate, namesOf, placeholdersIn } from '../template.ts';
import { readAnswer } from './answer.ts';
import { httpJsonSettings, type HttpJsonSettings } from './schema.ts';

/** Answers are read up to this size. */
const MAX_BYTES = 1024 * 1024;

export interface HttpJsonOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly secrets: (name: string) => string | undefined;
}

/** Any HTTP endpoint that answers with JSON. */
export function httpJsonSource({ clock, secrets }: HttpJsonOptions): MetricSource {
  const memory = new SampleMemory();
  return {
    async window(query, arm, from, to) {
      const settings = readSettings(httpJsonSettings, query.settings, 'metrics');
      const window = { from, to: instant(Math.min(to, clock.now())) };
      if (window.to <= from) return { instances: [], unit: 'request', watermark: from, notes: [] };
      const url = addressOf(settings, query, arm, window, secrets);
      const sample = await ask(url, settings, secrets, clock.now());
      if (placeholdersIn(settings.url).includes('from')) return between(sample, window);
      const key = `${settings.url} ${query.application}/${query.environment} ${arm.arm} ${arm.revision}`;
      memory.note(key, new Map([['', sample]]));
      const known = memory.lastAt(key) ?? from;
      const watermark = Math.max(from, Math.min(to, known));
      const notes = watermark > from ? [] : [newestOf(sample, window.to)];
      return { ...believed(memory.increases(key, from, watermark), watermark), notes };
    },
  };
}

const newestOf = ({ at }: Sample, to: Instant): string =>
  at < to - 1000
    ? `the answer is ${Math.round((to - at) / 1000)} s old`
    : 'it was not asked often enough so far';

interface Window {
  readonly from: Instant;
  readonly to: Instant;
}

/** The answer is the window's own. One that is whole up to an earlier moment only would have to be asked for again. */
function between(sample: Sample, { from, to }: Window): MetricWindow {
  const { requests, errors, latency, at } = sample;
  if (at < to)
    return {
      instances: [],
      unit: 'request',
      watermark: from,
      notes: [`the answer is whole only up to ${Math.round((to - at) / 1000)} s before what was asked for`],
    };
  return believed([{ name: '', requests, errors, latency }], to);
}

const believed = (instances: MetricWindow['instances'], watermark: number): MetricWindow => ({
  instances: instances.map(believable),
  unit: 'request',
  watermark: instant(watermark),
  notes: [],
});

/** Values are written as parts of an address: none can add to its path or query. */
function addressOf(
  { url }: HttpJsonSettings,
  query: MetricQuery,
  arm: MetricArm,
  { from, to }: Window,
  secrets: HttpJsonOptions['secrets'],
): string {
  const times = { from: String(from), to: String(to), window: String(to - from) };
  const values = { ...namesOf(query, arm), ...times };
  const address = fillTemplate(resolveReferences(url, secrets), values, (value) => {
    const part = encodeURIComponent(value);
    return /^\.{1,2}$/.test(part) ? part.replaceAll('.', '%2E') : part;
  });
  if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) return address;
  throw new SpillwayError('config_invalid', 'the address of the metrics is none', {
    where: 'metrics.url',
    hint: 'It begins with http:// or https://; references such as ${METRICS_URL} must be set.',
  });
}

async function ask(
  url: string,
  settings: HttpJsonSettings,
  secrets: HttpJsonOptions['secrets'],
  now: Instant,
): Promise<Sample> {
  const headers = Object.entries(settings.headers).map(([name, value]) => [
    name,
    resolveReferences(value, secrets),
  ]);
  const { status, body } = await fetchJson({
    url,
    headers: Object.fromEntries(headers) as Record<string, string>,
    timeoutMs: settings.timeout,
    maxBytes: MAX_BYTES,
  });
  if (status !== 200)
    throw new SpillwayError('unavailable', `${placeOf(url)} answers ${status}`, { where: placeOf(url) });
  if (typeof body !== 'object' || body === null)
    throw cannotBeTrue(`${placeOf(url)} answers with no JSON object`);
  return readAnswer(body, settings, now);
}

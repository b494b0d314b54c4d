import type { Command } from 'commander';
import { SpillwayError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { AnalysisPlan } from '../core/plan.ts';
import type { Context } from './context.ts';

/** Flags that say where versions are counted. */
export interface CountsOptions {
  readonly prometheus?: string;
  readonly counts?: string;
  readonly requests?: string;
  readonly errors?: string;
  readonly latency?: string;
  readonly scrape?: string;
}

const PROMETHEUS = {
  requests: 'http_requests_total{version="{{version}}"}',
  errors: 'http_requests_total{version="{{version}}",code=~"5.."}',
};
const JSON_POINTERS = { requests: '/requests', errors: '/errors' };

/** What Prometheus is asked; the same for a source of JSON, whose flags say where in it the counts stand. */
export const withQueries = (command: Command): Command =>
  command
    .option(
      '--requests <query>',
      `the counter of requests, or the JSON pointer to it (default: ${PROMETHEUS.requests}, or ${JSON_POINTERS.requests})`,
    )
    .option('--errors <query>', `that of errors (default: ${PROMETHEUS.errors}, or ${JSON_POINTERS.errors})`)
    .option(
      '--latency <query>',
      'that of latencies: a histogram, or a pointer to buckets (default: not compared)',
    )
    .option('--scrape <time>', 'how often Prometheus scrapes (default: 15s)');

export const withCounts = (command: Command): Command =>
  withQueries(
    command
      .option('--prometheus <url>', 'counted by a Prometheus server')
      .option(
        '--counts <url>',
        'counted by anything that answers with JSON; {{version}} in it is the version',
      ),
  );

/** What the flags say of a Prometheus server. */
export function prometheusFlags(options: CountsOptions): JsonObject {
  const { prometheus = '', latency, scrape } = options;
  return {
    url: prometheus,
    requests: options.requests ?? PROMETHEUS.requests,
    errors: options.errors ?? PROMETHEUS.errors,
    ...(latency === undefined ? {} : { latency }),
    ...(scrape === undefined ? {} : { scrape_interval: scrape }),
  };
}

/**
 * Opens the source that the flags name; without them, the one that the policy counts with.
 * @throws SpillwayError `config_invalid`
 */
export function openCounts(
  { commands, io }: Context,
  options: CountsOptions,
  configured: AnalysisPlan['metrics'],
): ReturnType<typeof commands.openMetricSource> {
  const { prometheus, counts, latency } = options;
  if (prometheus === undefined && counts === undefined && configured !== undefined)
    return commands.openMetricSource(configured.type, configured.settings, io.env);
  if ((prometheus === undefined) === (counts === undefined))
    throw new SpillwayError('config_invalid', 'one place where versions are counted is needed', {
      where: '--prometheus, --counts',
      hint: 'Give --prometheus http://127.0.0.1:9090, or --counts http://127.0.0.1:8080/counts/{{version}}; or say it under metrics: in the configuration.',
    });
  if (counts === undefined) return commands.openMetricSource('prometheus', prometheusFlags(options), io.env);
  const settings = {
    url: counts,
    requests: options.requests ?? JSON_POINTERS.requests,
    errors: options.errors ?? JSON_POINTERS.errors,
    ...(latency === undefined ? {} : { latency: { buckets: latency } }),
  };
  return commands.openMetricSource('http-json', settings, io.env);
}

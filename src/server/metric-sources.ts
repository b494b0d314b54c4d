import type { z } from 'zod';
import { resolveReferences } from '../config/references.ts';
import { SpillwayError } from '../core/errors.ts';
import { hostSystem } from '../exec/system.ts';
import { readSettings } from '../config/settings.ts';
import type { JsonObject } from '../core/json.ts';
import type { MetricHistory } from '../ports/history.ts';
import type { MetricSource } from '../ports/metrics.ts';

/** A source that a command asks by itself, and its settings as its schema has read them. */
export interface OpenedSource {
  readonly source: MetricSource;
  readonly settings: JsonObject;
}

/**
 * Opens a source for one command: its settings are the command's flags, and secrets are variables of the environment.
 * @throws SpillwayError `config_invalid` for settings that do not fit
 */
export async function openMetricSource(
  kind: 'prometheus' | 'http-json',
  written: JsonObject,
  env: Readonly<Record<string, string | undefined>>,
): Promise<OpenedSource> {
  const options = { clock: hostSystem, secrets: (name: string) => env[name] };
  if (kind === 'prometheus') {
    const { prometheusSource } = await import('../metrics/prometheus/index.ts');
    const { prometheusSettings } = await import('../metrics/prometheus/schema.ts');
    return { source: prometheusSource(options), settings: flagsAs(prometheusSettings, kind, written) };
  }
  const { httpJsonSource } = await import('../metrics/http-json/index.ts');
  const { httpJsonSettings } = await import('../metrics/http-json/schema.ts');
  return {
    source: httpJsonSource(options),
    settings: flagsAs(httpJsonSettings, kind, written) as JsonObject,
  };
}

/**
 * Opens what Prometheus remembers, for one command.
 * @param names what {{app}} and {{environment}} stand for
 * @throws SpillwayError `config_invalid` for settings that do not fit
 */
export async function openMetricHistory(
  written: JsonObject,
  names: { readonly app: string; readonly environment: string },
  env: Readonly<Record<string, string | undefined>>,
): Promise<MetricHistory> {
  const { prometheusHistory } = await import('../metrics/prometheus/history.ts');
  const { prometheusSettings } = await import('../metrics/prometheus/schema.ts');
  const settings = flagsAs(prometheusSettings, 'prometheus', written);
  const url = resolveReferences(settings.url, (name) => env[name]);
  return prometheusHistory(
    settings,
    { url, headers: settings.headers, timeoutMs: HISTORY_TIMEOUT_MS },
    names,
  );
}

/** Months are read more slowly than minutes. */
const HISTORY_TIMEOUT_MS = 60_000;

/** Settings that were given as flags. */
function flagsAs<Schema extends z.ZodType>(
  schema: Schema,
  kind: string,
  written: JsonObject,
): z.output<Schema> {
  try {
    return readSettings(schema, written, kind);
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    const { code, message, where, cause } = error;
    throw new SpillwayError(code, message, { where: where ?? kind, hint: 'Correct the flag.', cause });
  }
}

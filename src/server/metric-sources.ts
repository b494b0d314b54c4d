import type { z } from 'zod';
import { resolveReferences } from '../config/references.ts';
import { SpillwayError } from '../core/errors.ts';
import { hostSystem } from '../exec/system.ts';
import { readSettings } from '../config/settings.ts';
import type { JsonObject } from '../core/json.ts';
import type { MetricHistory } from '../ports/history.ts';
import type { MetricSource } from '../ports/metrics.ts';
import { entryOf, metrics } from '../registry.ts';

/** A source that a command asks by itself, and its settings as its schema has read them. */
export interface OpenedSource {
  readonly source: MetricSource;
  readonly settings: JsonObject;
}

/** Sources that anybody may ask; the others are part of a server. */
const ASKED: ReadonlySet<string> = new Set(['prometheus', 'http-json']);

/**
 * Opens a source for one command; secrets are variables of the environment.
 * @param written settings, as flags or a configuration have them
 * @throws SpillwayError `config_invalid` for settings that do not fit, `unknown_kind`; `conflict` for a source that only a server has
 */
export async function openMetricSource(
  kind: string,
  written: JsonObject,
  env: Readonly<Record<string, string | undefined>>,
): Promise<OpenedSource> {
  const { open, schema } = entryOf(metrics, 'metric source', kind);
  if (!ASKED.has(kind))
    throw new SpillwayError('conflict', `counts of the kind ${kind} are a server's own`, {
      where: 'metrics',
      hint: 'Give --prometheus URL or --counts URL.',
    });
  const secrets = (name: string) => env[name];
  const source = await open({ dataDir: '', system: hostSystem, secrets, secretValues: () => [] });
  return { source, settings: settingsAs(await schema(), kind, written) as JsonObject };
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
  const settings = settingsAs(prometheusSettings, 'prometheus', written);
  const resolved = (text: string) => resolveReferences(text, (name) => env[name]);
  const headers = Object.entries(settings.headers).map(([name, value]) => [name, resolved(value)]);
  const endpoint = {
    url: resolved(settings.url),
    headers: Object.fromEntries(headers) as Record<string, string>,
    timeoutMs: HISTORY_TIMEOUT_MS,
  };
  return prometheusHistory(settings, endpoint, names);
}

/** Months are read more slowly than minutes. */
const HISTORY_TIMEOUT_MS = 60_000;

/** Settings as their schema reads them. */
function settingsAs<Schema extends z.ZodType>(
  schema: Schema,
  kind: string,
  written: JsonObject,
): z.output<Schema> {
  try {
    return readSettings(schema, written, kind);
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    const { code, message, where, cause } = error;
    throw new SpillwayError(code, message, {
      where: where ?? kind,
      hint: 'Correct it in the flag, or in spillway.yaml.',
      cause,
    });
  }
}

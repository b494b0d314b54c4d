import { SpillwayError } from '../core/errors.ts';
import { hostSystem } from '../exec/system.ts';
import { readSettings } from '../config/settings.ts';
import type { JsonObject } from '../core/json.ts';
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
  const read = (schema: Parameters<typeof readSettings>[0]) => {
    try {
      return readSettings(schema, written, kind) as JsonObject;
    } catch (error) {
      if (!(error instanceof SpillwayError)) throw error;
      const { code, message, where, cause } = error;
      throw new SpillwayError(code, message, { where: where ?? kind, hint: 'Correct the flag.', cause });
    }
  };
  if (kind === 'prometheus') {
    const { prometheusSource } = await import('../metrics/prometheus/index.ts');
    const { prometheusSettings } = await import('../metrics/prometheus/schema.ts');
    return { source: prometheusSource(options), settings: read(prometheusSettings) };
  }
  const { httpJsonSource } = await import('../metrics/http-json/index.ts');
  const { httpJsonSettings } = await import('../metrics/http-json/schema.ts');
  return { source: httpJsonSource(options), settings: read(httpJsonSettings) };
}

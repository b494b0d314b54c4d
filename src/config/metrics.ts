import type { MetricsPlan } from '../core/plan.ts';
import type { AdapterSettings } from './adapters.ts';
import * as defaults from './defaults.ts';
import type { SharedInput } from './vocabulary/spillway.ts';

/** The provider's own counts, which need no source of their own. */
const FROM_TRAFFIC = 'traffic';

/** Who counts, where it is not whoever carries the traffic; the environment's word over the file's. */
export function metricsOf(
  file: SharedInput,
  own: SharedInput,
  source: AdapterSettings | undefined,
): { readonly metrics?: MetricsPlan } {
  if (source === undefined || source.type === FROM_TRAFFIC) return {};
  const staleAfter = own.metrics?.stale_after ?? file.metrics?.stale_after ?? defaults.METRICS_STALE_AFTER;
  return { metrics: { ...source, staleAfter } };
}

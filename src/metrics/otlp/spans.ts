import type { Increment } from './streams.ts';
import { attributesOf, exportsIn, fieldsOf, hasFailed, listOf, resourceOf, timeOf } from './wire.ts';

/** Spans by which a replay is known. */
const MOST_SPANS = 100_000;
const SERVER = new Set<unknown>([2, 'SPAN_KIND_SERVER']);
const ERROR = new Set<unknown>([2, 'STATUS_CODE_ERROR']);

/** Takes spans of servers, each once. */
export class Spans {
  readonly #seen = new Set<string>();

  /** @throws SpillwayError `invalid_event` */
  take(body: unknown): { readonly increments: readonly Increment[]; readonly rejected: number } {
    const increments: Increment[] = [];
    let rejected = 0;
    for (const { resource: from, scopeSpans } of exportsIn(body, 'resourceSpans')) {
      const resource = resourceOf(from);
      for (const scope of listOf(scopeSpans).map(fieldsOf))
        for (const span of listOf(scope['spans']).map(fieldsOf)) {
          if (!SERVER.has(span['kind'])) continue;
          const [start, at] = [timeOf(span['startTimeUnixNano']), timeOf(span['endTimeUnixNano'])];
          const { traceId, spanId } = span;
          const sound = start > 0 && at >= start && typeof traceId === 'string' && typeof spanId === 'string';
          if (!sound) rejected++;
          else if (this.#isNew(`${traceId.slice(0, 32)} ${spanId.slice(0, 16)}`)) {
            const failed = hasFailed(
              attributesOf(span['attributes']),
              ERROR.has(fieldsOf(span['status'])['code']),
            );
            const latency = [{ upper: at - start, count: 1 }];
            increments.push({ origin: 'spans', resource, at, requests: 1, failed, latency });
          }
        }
    }
    return { increments, rejected };
  }

  #isNew(span: string): boolean {
    if (this.#seen.has(span)) return false;
    this.#seen.add(span);
    if (this.#seen.size > MOST_SPANS) this.#seen.delete(this.#seen.values().next().value ?? '');
    return true;
  }
}

import type { Evidence } from './evidence.ts';
import type { LimitEvidence } from './sequential/absolute.ts';

/** "12,150" */
export const count = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');

/** A share as a percentage with two significant digits below 10%: "4.8%", "0.051%", "12%". */
export const percent = (share: number): string => `${significant(share * 100)}%`;

/** "340:1"; evidence against is "1:20". */
export function odds(logE: number): string {
  if (logE < 0) return `1:${odds(-logE).slice(0, -2)}`;
  return logE > Math.log(1e9) ? 'over 1,000,000,000:1' : `${count(Math.exp(logE))}:1`;
}

/** "4 min", "40 s", "3 h" */
export function roughly(ms: number): string {
  if (ms < 90_000) return `${Math.max(1, Math.round(ms / 1000))} s`;
  return ms < 5_400_000 ? `${Math.round(ms / 60_000)} min` : `${count(ms / 3_600_000)} h`;
}

export const milliseconds = (ms: number | null): string =>
  ms === null ? 'unknown' : ms < 10 ? `${significant(ms)} ms` : `${count(ms)} ms`;

export function significant(n: number): string {
  return n >= 10 ? count(n) : String(Number(n.toPrecision(2)));
}

const rate = (events: number, of: number) => (of === 0 ? 'unknown' : percent(events / of));

/** "errors 4.8% on the canary against 0.5% on stable (12 of 250 and 61 of 12,150 requests, from 12 clients)" */
export function comparedErrors({ canary, baseline, clients }: Evidence): string {
  const rates = `${rate(canary.errors, canary.requests)} on the canary against ${rate(baseline.errors, baseline.requests)} on stable`;
  const arms = `${count(canary.errors)} of ${count(canary.requests)} and ${count(baseline.errors)} of ${count(baseline.requests)} requests`;
  const from = clients === null ? '' : `, from ${count(clients.canary + clients.baseline)} clients`;
  return `errors ${rates} (${arms}${from})`;
}

/** "95% of requests within 240 ms on the canary against 120 ms on stable over the last 5 min" */
export function comparedLatency({ effects }: Evidence): string {
  const { canary, baseline } = effects;
  const pair = (a: number | null, b: number | null) =>
    `${milliseconds(a)} on the canary against ${milliseconds(b)} on stable`;
  const p95 = `95% of requests within ${pair(canary.p95Ms, baseline.p95Ms)}`;
  return `${p95}, 99% within ${pair(canary.p99Ms, baseline.p99Ms)}, over the last ${roughly(effects.windowMs)}`;
}

/** What the canary did, and what it may. */
export function overLimit({ rule, limit, canary }: LimitEvidence): string {
  const seen = `${count(canary.events)} of ${count(canary.of)} requests`;
  const share = rate(canary.events, canary.of);
  switch (rule) {
    case 'absolute-error-rate':
      return `errors ${share} on the canary, over the limit of ${percent(limit)} (${seen})`;
    case 'absolute-p95':
      return `${share} of the canary's requests took longer than ${milliseconds(limit)} where 5% may (${seen})`;
    case 'absolute-p99':
      return `${share} of the canary's requests took longer than ${milliseconds(limit)} where 1% may (${seen})`;
    case 'crash-rate':
      return `${count(canary.events)} crashes in ${significant(canary.of)} instance-minutes on the canary where ${significant(limit)} a minute may be`;
  }
}

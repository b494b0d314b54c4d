/** What each rule of the judge and each deterministic check asks, for people who ask why. */
const RULES: Readonly<Record<string, string>> = {
  'dead-release': 'most of the first requests failed; this needs no comparison and at most 20 requests',
  'absolute-error-rate': 'the share of failed requests is over the configured limit, and stable keeps it',
  'absolute-p95': 'more than 5% of requests are slower than the configured limit, and stable keeps it',
  'absolute-p99': 'more than 1% of requests are slower than the configured limit, and stable keeps it',
  'crash-rate': 'instances crash more often than configured',
  'error-ratio': 'failed requests, compared with stable over the same time',
  latency: 'slow requests, compared with stable over the same time',
  crashes: 'crashes, compared with the configured limit',
  'stale-data': 'telemetry stopped; no data never passes',
  'no-canary-data': 'the canary had no requests; no data never passes',
  'no-baseline-data': 'stable had no requests to compare with; no data never passes',
  'evidence-without-effect': 'a difference is shown, but one too small to matter',
  'evidence-warning': 'evidence of harm grows, but is not enough yet to roll back',
  'step-time-over': "the step's longest time is over without a clear verdict",
  'step-time': 'the step is watched for its minimum time',
  'warm-up': 'the first moments of the canary are left out of the evidence',
  certificate: 'before 100% the canary must be shown to be healthy',
  healthy: 'no evidence of harm in enough data',
  health: 'the health check of an instance failed repeatedly',
  crash_loop: 'an instance keeps ending by itself',
};

/** The rule in words; its name where it is not known. */
export const explainRule = (rule: string): string => RULES[rule] ?? rule;

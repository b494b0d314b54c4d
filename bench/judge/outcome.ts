/** When something happened, and how many requests the canary had had by then. */
export interface Moment {
  readonly second: number;
  readonly requests: number;
}

/** What can happen in a rollout: a warning, a first response, the second one, a certificate, 100% of the traffic. */
export const HAPPENINGS = ['warning', 'retreat', 'rollback', 'certificate', 'completed'] as const;
export type Happening = (typeof HAPPENINGS)[number];

/** What became of a rollout: the first time of each, where it happened. */
export interface Outcome {
  readonly moments: Readonly<Partial<Record<Happening, Moment>>>;
  /** Real time to the certificate divided by the time that was predicted for it. */
  readonly realOfPredicted?: number;
}

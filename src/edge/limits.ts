/** Bounds on what clients and instances may take, in milliseconds unless named otherwise. */
export interface Limits {
  /** A client's request head must be complete within this (slow-loris). */
  readonly requestHead: number;
  /** A client's whole request must be received within this. */
  readonly request: number;
  /** An idle client connection is kept this long: longer than the common 60 s of load balancers in front. */
  readonly clientIdle: number;
  readonly headBytes: number;
  /** An instance must accept a connection within this. */
  readonly connect: number;
  /** An instance must begin its answer within this. Equal to the next one by default: undici then keeps one timer going for both. */
  readonly answer: number;
  /** An instance may pause this long within an answer. */
  readonly answerPause: number;
  /** An idle connection to an instance is kept this long: shorter than the 5 s after which Node's server closes its end. */
  readonly instanceIdle: number;
  /** An instance that could not be connected is the last choice for this long. */
  readonly avoid: number;
  /** Attempts that an idempotent request has in all. */
  readonly attempts: number;
  /** An upgraded connection or event stream stays this long on an instance that must leave: a bad version is left within 10 s. */
  readonly lasting: number;
  /** A closing listener lets its last requests end within this. */
  readonly leave: number;
}

export const LIMITS: Limits = {
  requestHead: 15_000,
  request: 300_000,
  clientIdle: 65_000,
  headBytes: 16_384,
  connect: 5000,
  answer: 300_000,
  answerPause: 300_000,
  instanceIdle: 4000,
  avoid: 1000,
  attempts: 3,
  lasting: 8000,
  leave: 30_000,
};

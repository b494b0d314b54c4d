import type { Receipt } from './notifier.ts';

/** A deployment that somebody else makes, and that waits for an answer from here. */
export interface ReviewRequest {
  /** `owner/name` */
  readonly repository: string;
  /** Of the workflow that waits. */
  readonly run: number;
  /** As it is called over there. */
  readonly environment: string;
  readonly commit: string;
  /** By which the answer is allowed; null where the asker named none. */
  readonly installation: number | null;
}

export interface ReviewAnswer {
  readonly state: 'approved' | 'rejected';
  /** Why, for people. */
  readonly comment: string;
}

/** Answers reviews of one kind. */
export interface Reviewer {
  /** The environment here that answers for one over there. */
  environmentFor(theirs: string): string;
  /** Brings the answer over. It may be repeated: the first that arrives counts. */
  answer(request: ReviewRequest, answer: ReviewAnswer, signal: AbortSignal): Promise<Receipt>;
}

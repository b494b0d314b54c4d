import type { Json } from '../core/json.ts';
import type { Instant } from '../core/time.ts';
import type { ReviewRequest } from './reviewer.ts';

/** Something happened that may ask for a deployment. The vocabulary is the lifecycle's. */
export interface TriggerEvent {
  readonly id: string;
  readonly type: 'push' | 'pr' | 'tag' | 'manual' | 'schedule' | 'webhook';
  readonly source: 'git' | 'api' | 'webhook';
  readonly actor: string;
  /** UTC. */
  readonly timestamp: Instant;
  /** `refs/heads/main`, `refs/tags/v1.2.3`. */
  readonly gitRef: string | null;
  readonly commitSha: string | null;
  readonly version: string | null;
  /** Free; also what a trigger's `condition` sees: `before`, `action`, `merged`, `environment` ... */
  readonly metadata: { readonly [key: string]: Json };
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  /** It asks for no deployment, but what is to be thought of one. */
  readonly review?: ReviewRequest;
}

/** A request as it arrived, before anything in it is believed. */
export interface RawRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  readonly receivedAt: Instant;
  readonly ipAddress: string | null;
}

export type Received =
  | {
      readonly ok: true;
      /** The sender's own name for this delivery; a second one with it is a replay. */
      readonly deliveryId: string;
      /** null = authentic but nothing that Spillway acts on (a ping, a deleted branch); `why` says so. */
      readonly event: TriggerEvent | null;
      readonly why: string;
    }
  | {
      readonly ok: false;
      readonly status: 400 | 401 | 413 | 415;
      readonly field: string;
      readonly reason: string;
    };

/** Turns a request from outside into a validated event. It decides nothing and stores nothing. */
export interface Trigger {
  /** Bodies above this are refused before they are read. */
  readonly maxBodyBytes: number;
  receive(request: RawRequest): Promise<Received>;
}

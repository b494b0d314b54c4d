/** What a replica and the world around it say to each other. */

export type PortName = 'target' | 'traffic';

/** An event that the store has said is durable. */
export interface Kept {
  readonly sequence: number;
  readonly id: string;
  readonly type: string;
}

export type FromReplica =
  | { readonly kind: 'ready' }
  /** A method of a port, to be done by the world that all replicas share. */
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly port: PortName;
      readonly method: string;
      readonly args: readonly unknown[];
    }
  | { readonly kind: 'kept'; readonly events: readonly Kept[] }
  | {
      readonly kind: 'claimed';
      readonly tasks: ReadonlyArray<{ readonly key: string; readonly priority: number }>;
    }
  /** Tasks whose outcome is recorded, or that were put back. */
  | { readonly kind: 'concluded'; readonly key: string }
  /** To a request: what became of it, or why it was not taken. */
  | { readonly kind: 'answer'; readonly id: string; readonly accepted: boolean; readonly why: string };

export type ToReplica =
  | {
      readonly kind: 'returned';
      readonly id: number;
      readonly value: unknown;
      readonly error: { readonly code: string; readonly message: string } | null;
    }
  /** Asks for a version of an application; `id` names the request. */
  | { readonly kind: 'request'; readonly id: string; readonly application: string; readonly version: string };

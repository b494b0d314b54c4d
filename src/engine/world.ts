import type { AdapterSchemas } from '../config/adapters.ts';
import type { ApplicationName } from '../core/ids.ts';
import type { Notification } from '../core/notification.ts';
import type { Duration } from '../core/time.ts';
import type { GateRunner } from '../ports/gate.ts';
import type { MetricSource } from '../ports/metrics.ts';
import type { Notifier } from '../ports/notifier.ts';
import type { Reviewer } from '../ports/reviewer.ts';
import type { Source } from '../ports/source.ts';
import type { Store } from '../ports/store.ts';
import type { System } from '../ports/system.ts';
import type { Target } from '../ports/target.ts';
import type { Traffic } from '../ports/traffic.ts';
import type { Trigger, TriggerEvent } from '../ports/trigger.ts';

import type { Keep } from './retention.ts';

/** Where the engine writes what it does; pino's shape. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What this server knows of the applications it serves. */
export interface Applications {
  /** Those that an event which came in under a trigger's name is about. */
  concerned(trigger: string, event: TriggerEvent): readonly ApplicationName[];
  /** @throws SpillwayError `not_found` for an application that is not served here */
  source(application: ApplicationName): Promise<Source>;
  /** The channels that a message of this application goes to. */
  channels(application: ApplicationName, message: Notification): readonly string[];
  notifier(application: ApplicationName, channel: string): Promise<Notifier>;
}

/** Values that configuration refers to as `${NAME}`. */
export interface Secrets {
  /** undefined when it is not set. */
  value(name: string): string | undefined;
  /** Known to this server only: versions of secrets are named by a keyed hash of their value. */
  readonly versionKey: Uint8Array;
}

/**
 * Everything outside the engine, as values: it names no adapter. Each look-up by kind throws `unknown_kind` with the
 * list of known ones.
 */
export interface World {
  readonly store: Store;
  readonly system: System;
  readonly log: Logger;
  readonly applications: Applications;
  readonly secrets: Secrets;
  /** What target, traffic and metrics settings may say, by kind. */
  readonly schemas: AdapterSchemas;
  target(type: string): Promise<Target>;
  traffic(type: string): Promise<Traffic>;
  metrics(type: string): Promise<MetricSource>;
  gate(type: string): Promise<GateRunner>;
  /** @throws SpillwayError `not_found` for a name under which nothing may come in */
  trigger(name: string): Promise<Trigger>;
  /** Who answers what has come in under a trigger's name. */
  reviewer(trigger: string): Promise<Reviewer>;
  /** Bytes left where Spillway keeps its data. */
  freeDisk(): Promise<number>;
  /** How often this server backs itself up; not there where it does not. */
  readonly backupEvery?: Duration;
  /** Where it differs from what is usual. */
  readonly keep?: Keep;
}

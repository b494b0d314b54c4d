import { SpillwayError } from '../core/errors.ts';
import type { DeploymentId, LaneId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { StoredEvent } from '../ports/store.ts';
import type { Chance } from '../ports/system.ts';
import { UPCASTS } from './upcasts.ts';

/** The form in which events are written. */
export const EVENT_SCHEMA = UPCASTS.length + 1;

/**
 * An event as it was kept, in the present form.
 * @throws SpillwayError `corrupt` when it is of a form that is not known here
 */
export function presentForm(schema: number, kept: JsonObject): StoredEvent['event'] {
  if (schema < 1 || schema > EVENT_SCHEMA)
    throw new SpillwayError('corrupt', `an event of form ${schema} was found`, {
      hint: `This version knows forms 1 to ${EVENT_SCHEMA}: start the Spillway that wrote it, or a newer one.`,
    });
  const event = UPCASTS.slice(schema - 1).reduce((older, upcast) => upcast(older), kept);
  return event as unknown as StoredEvent['event'];
}

/** An event about to be written, with what chance gives it: its id, and the salt of its audit leaf (hex, 16 bytes). */
export interface StampedEvent extends Omit<StoredEvent, 'sequence'> {
  readonly salt: string;
}

export const stamped = (
  chance: Chance,
  lane: LaneId | null,
  events: readonly StoredEvent['event'][],
): readonly StampedEvent[] =>
  events.map((event) => ({
    id: chance.id(),
    schema: EVENT_SCHEMA,
    lane,
    deployment: deploymentOf(event),
    event,
    salt: Buffer.from(chance.bytes(16)).toString('hex'),
  }));

const deploymentOf = (event: StoredEvent['event']): DeploymentId | null =>
  'deployment' in event ? event.deployment : null;

/** The same events, written: the n-th got the n-th sequence. */
export const sequenced = (
  events: readonly StampedEvent[],
  sequences: readonly number[],
): readonly StoredEvent[] =>
  events.map(({ salt: _salt, ...event }, index) => ({ sequence: sequences[index] ?? 0, ...event }));

import { SpillwayError } from '../core/errors.ts';
import { countFrom, type InstanceWindow } from '../ports/metrics.ts';

/** An answer that is not used, and why. */
export const cannotBeTrue = (message: string, hint?: string): SpillwayError =>
  new SpillwayError('corrupt', message, hint === undefined ? {} : { hint });

/** Latencies may be counted a little after the requests that they belong to: those that were under way. */
const UNDER_WAY = { share: 1.5, requests: 20 };

/**
 * Holds what a source has found against what can be true of an instance.
 * @throws SpillwayError `corrupt`
 */
export function believable(window: InstanceWindow): InstanceWindow {
  const { requests, errors, latency } = window;
  const name = window.name === '' ? '' : ` of ${window.name}`;
  wholeCount(requests, `the number of requests${name}`);
  wholeCount(errors, `the number of errors${name}`);
  if (errors > requests) throw cannotBeTrue(`there are ${errors} errors in ${requests} requests${name}`);
  const timed = latency === null ? 0 : countFrom(latency, 0);
  if (timed > requests * UNDER_WAY.share + UNDER_WAY.requests)
    throw cannotBeTrue(
      `there are ${timed} latencies in ${requests} requests${name}: they are not of the same requests`,
      'Let both queries count the same routes and methods, each request once.',
    );
  return window;
}

/** @returns the number itself @throws SpillwayError `corrupt` for what is no count */
export function wholeCount(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw cannotBeTrue(`${what} is ${shown(value)}, which is no count`);
}

/** @returns a finite number that is not negative @throws SpillwayError `corrupt` */
export function amount(value: unknown, what: string): number {
  if (typeof value === 'number' && value >= 0 && value < Infinity) return value;
  throw cannotBeTrue(`${what} is ${shown(value)}, which is no amount`);
}

const shown = (value: unknown): string => {
  if (value === undefined) return 'missing';
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? typeof value).slice(0, 60);
};

import { SpillwayError } from '../core/errors.ts';
import { instanceId, type InstanceId, type RevisionDigest } from '../core/ids.ts';
import { ALL, type ArmName, type Weight } from '../core/weights.ts';

/** Where an instance listens. */
export interface Endpoint {
  readonly instance: InstanceId;
  readonly host: string;
  readonly port: number;
}

export interface RoutedArm {
  readonly arm: ArmName;
  readonly revision: RevisionDigest;
  readonly version: string;
  readonly weight: Weight;
  readonly endpoints: readonly Endpoint[];
}

export interface Listen {
  readonly host: string;
  /** 0 asks for any free port, which the route then keeps. */
  readonly port: number;
}

export type Stickiness = { readonly by: 'cookie'; readonly name: string } | { readonly by: 'none' };

/** What a route does with its requests. The same shape as the traffic port's, which this floor may not import. */
export interface Routing {
  readonly route: string;
  readonly listen: Listen;
  readonly rollout: string;
  readonly sticky: Stickiness;
  readonly arms: readonly RoutedArm[];
}

const ARMS: readonly ArmName[] = ['stable', 'canary', 'baseline'];
const COOKIE_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/;
const HOST = /^[A-Za-z0-9._:-]{1,253}$/;
const NAME_LIMIT = 256;

function refuse(where: string, message: string): never {
  throw new SpillwayError('config_invalid', `${where}: ${message}`, {
    where,
    hint: 'Nothing was changed. Correct the routing and set it again.',
  });
}

function record(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(where, 'must be an object');
  return value as Record<string, unknown>;
}

function list(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) refuse(where, 'must be a list');
  return value;
}

function text(value: unknown, where: string): string {
  if (typeof value !== 'string' || value === '') refuse(where, 'must be a text that is not empty');
  if (value.length > NAME_LIMIT) refuse(where, `must have at most ${NAME_LIMIT} characters`);
  return value;
}

/** @throws SpillwayError `config_invalid` unless it is a whole number within the bounds. */
export function wholeNumber(value: unknown, where: string, least: number, most: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    refuse(where, `must be a whole number from ${least} to ${most}`);
  }
  return value;
}

function host(value: unknown, where: string): string {
  const name = text(value, where);
  return HOST.test(name) ? name : refuse(where, `${JSON.stringify(name)} is no host name or address`);
}

function parseSticky(value: unknown): Stickiness {
  const sticky = record(value, 'sticky');
  if (sticky['by'] === 'none') return { by: 'none' };
  if (sticky['by'] !== 'cookie') refuse('sticky.by', 'must be "cookie" or "none"');
  const name = text(sticky['name'], 'sticky.name');
  return COOKIE_NAME.test(name) ? { by: 'cookie', name } : refuse('sticky.name', 'is no valid cookie name');
}

function parseEndpoint(value: unknown, where: string): Endpoint {
  const endpoint = record(value, where);
  return {
    instance: instanceId(text(endpoint['instance'], `${where}.instance`)),
    host: host(endpoint['host'], `${where}.host`),
    port: wholeNumber(endpoint['port'], `${where}.port`, 1, 65_535),
  };
}

function parseArm(value: unknown, where: string): RoutedArm {
  const arm = record(value, where);
  const name = ARMS.find((known) => known === arm['arm']);
  if (name === undefined) refuse(`${where}.arm`, `must be one of ${ARMS.join(', ')}`);
  const weight = wholeNumber(arm['weight'], `${where}.weight`, 0, ALL) as Weight;
  const endpoints = list(arm['endpoints'], `${where}.endpoints`).map((one, i) =>
    parseEndpoint(one, `${where}.endpoints[${i}]`),
  );
  if (weight > 0 && endpoints.length === 0) {
    refuse(where, `the arm ${name} has a weight of ${weight / 100}% and no endpoint to carry it`);
  }
  return {
    arm: name,
    revision: text(arm['revision'], `${where}.revision`) as RevisionDigest,
    version: text(arm['version'], `${where}.version`),
    weight,
    endpoints,
  };
}

/**
 * Checks a routing from outside: shapes, one arm of a name, weights that sum to 100%, an endpoint behind every weight. One without
 * arms is a route that was withdrawn: it answers 503.
 * @throws SpillwayError `config_invalid`
 */
export function parseRouting(value: unknown): Routing {
  const routing = record(value, 'routing');
  const listen = record(routing['listen'], 'listen');
  const arms = list(routing['arms'], 'arms').map((arm, i) => parseArm(arm, `arms[${i}]`));
  if (new Set(arms.map((arm) => arm.arm)).size < arms.length) refuse('arms', 'each arm may appear once');
  const sum = arms.reduce((total, arm) => total + arm.weight, 0);
  if (arms.length > 0 && sum !== ALL) refuse('arms', `weights sum to ${sum / 100}%, not to 100%`);
  return {
    route: text(routing['route'], 'route'),
    listen: {
      host: host(listen['host'], 'listen.host'),
      port: wholeNumber(listen['port'], 'listen.port', 0, 65_535),
    },
    rollout: text(routing['rollout'], 'rollout'),
    sticky: parseSticky(routing['sticky']),
    arms,
  };
}

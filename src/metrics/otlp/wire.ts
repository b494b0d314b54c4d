import { SpillwayError } from '../../core/errors.ts';

/** OTLP as JSON (opentelemetry-proto, JSON mapping of Protobuf): whole numbers of 64 bits are texts. */
export type Fields = Readonly<Record<string, unknown>>;

export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A number, also written as text; NaN for what is none. */
export const numeric = (value: unknown): number => {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
};

/** Nanoseconds since the epoch as milliseconds. */
export const timeOf = (value: unknown): number => numeric(value) / 1e6;

/** `[{key, value: {stringValue | intValue | ...}}]` as texts. */
export function attributesOf(value: unknown): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const one of listOf(value)) {
    const { key, value: content } = fieldsOf(one);
    const { stringValue, intValue, doubleValue, boolValue } = fieldsOf(content);
    const text: unknown = stringValue ?? intValue ?? doubleValue ?? boolValue;
    if (typeof key !== 'string' || !isScalar(text)) continue;
    attributes.set(key, String(text).slice(0, 200));
  }
  return attributes;
}

/** Whose telemetry it is, by the attributes of its resource. */
export interface Resource {
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly instance: string;
}

export function resourceOf(value: unknown): Resource {
  const attributes = attributesOf(fieldsOf(value)['attributes']);
  const text = (...names: string[]) =>
    names.map((name) => attributes.get(name)).find((one) => one !== undefined) ?? '';
  return {
    service: text('service.name'),
    environment: text('deployment.environment.name', 'deployment.environment'),
    version: text('service.version'),
    instance: text('service.instance.id', 'k8s.pod.name', 'host.name'),
  };
}

/** Whether a server failed: by the status that it answered with, else by its own word. */
export function hasFailed(attributes: ReadonlyMap<string, string>, otherwise: boolean): boolean {
  const status = attributes.get('http.response.status_code') ?? attributes.get('http.status_code');
  return status === undefined ? otherwise : Number(status) >= 500;
}

/** @throws SpillwayError `invalid_event` for a body that has not the list */
export function exportsIn(body: unknown, list: 'resourceMetrics' | 'resourceSpans'): readonly Fields[] {
  const found = fieldsOf(body)[list];
  if (Array.isArray(found)) return found.map(fieldsOf);
  throw new SpillwayError('invalid_event', `the body has no list ${list}`, {
    where: list,
    hint: 'Metrics go to /otlp/v1/metrics, spans to /otlp/v1/traces, both as OTLP JSON.',
  });
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

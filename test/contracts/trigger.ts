import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { instant } from '../../src/core/time.ts';
import type { RawRequest, Received, Trigger } from '../../src/ports/trigger.ts';

const RECEIVED_AT = instant(Date.UTC(2026, 10, 20, 12));

/** A request with the headers and the body given. */
export const requestOf = (headers: RawRequest['headers'], body: string | Uint8Array): RawRequest => ({
  headers,
  body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  receivedAt: RECEIVED_AT,
  ipAddress: '192.0.2.1',
});

export type Event = NonNullable<Extract<Received, { readonly ok: true }>['event']>;

/** The event of a request that must be accepted. */
export function eventOf(received: Received): Event {
  assert.ok(received.ok, JSON.stringify(received));
  assert.ok(received.event, received.why);
  return received.event;
}

/**
 * What every trigger promises.
 * @param valid a request that is accepted and has an event
 */
export function triggerContract(name: string, trigger: Trigger, valid: () => RawRequest): void {
  describe(`${name}: the contract of a trigger`, () => {
    it('accepts a valid request, and says the same of it every time', async () => {
      const request = valid();
      const received = await trigger.receive(request);
      const event = eventOf(received);
      assert.deepEqual(await trigger.receive(request), received);
      assert.equal(event.timestamp, RECEIVED_AT);
      assert.equal(event.ipAddress, '192.0.2.1');
      assert.ok(event.id !== '' && event.actor !== '');
      assert.ok(received.ok && received.deliveryId !== '' && received.why !== '');
      assert.deepEqual(JSON.parse(JSON.stringify(event)), event, 'plain JSON');
    });

    it('refuses a body above its limit', async () => {
      const { headers } = valid();
      const received = await trigger.receive(requestOf(headers, new Uint8Array(trigger.maxBodyBytes + 1)));
      assert.deepEqual(!received.ok && [received.status, received.field], [413, 'body']);
    });

    it('never throws, whatever the body or the headers are', async () => {
      const { headers, body } = valid();
      const bodies = [
        '',
        'null',
        '[]',
        '{}',
        '"x"',
        '{',
        '\uFFFF',
        `${'['.repeat(20_000)}`,
        Uint8Array.of(0xff, 0xfe),
      ];
      for (const one of bodies) {
        const received = await trigger.receive(requestOf(headers, one));
        assert.ok(!received.ok && received.field !== '' && received.reason !== '', String(one).slice(0, 20));
      }
      assert.ok(!(await trigger.receive({ ...valid(), headers: {}, body })).ok);
    });

    it('names the field that is wrong, and never echoes what it holds', async () => {
      const { headers, body } = valid();
      const secret = 'sw0rdfish';
      const altered = new TextDecoder().decode(body).replaceAll(/[0-9a-f]{40}/g, secret);
      const received = await trigger.receive(requestOf(headers, altered));
      assert.ok(!JSON.stringify(received.ok ? '' : received).includes(secret));
    });
  });
}

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { instant, type Instant } from '../../src/core/time.ts';
import {
  countFrom,
  type MetricArm,
  type MetricQuery,
  type MetricSource,
  type MetricWindow,
} from '../../src/ports/metrics.ts';

/** A source to try, with one instance of a version that it counts. */
export interface MetricRig {
  readonly source: MetricSource;
  readonly query: MetricQuery;
  readonly arm: MetricArm;
  now(): Instant;
  /** Requests arrive. */
  serve(requests: number, errors: number): Promise<void>;
  /** Returns when what was served is final, at a moment after it. */
  settle(): Promise<void>;
  /** The instance begins again from 0. */
  restart(): Promise<void>;
  /** The source says what cannot be true; undefined where it cannot be made to. */
  readonly lie?: () => Promise<void>;
  /** Nobody is there to be asked; undefined where nothing is asked. */
  readonly silence?: () => Promise<void>;
  remove(): Promise<void>;
}

/** What the port promises, wherever the figures come from. */
export function metricSourceContract(
  name: string,
  make: () => Promise<MetricRig>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(`the contract of a metric source: ${name}`, { skip: options.skip ?? false }, () => {
    let rig: MetricRig;
    beforeEach(async () => {
      rig = await make();
    });
    afterEach(() => rig.remove());

    const window = (from: Instant, to = rig.now()) => rig.source.window(rig.query, rig.arm, from, to);
    const sumOf = ({ instances }: MetricWindow) => ({
      requests: instances.reduce((sum, one) => sum + one.requests, 0),
      errors: instances.reduce((sum, one) => sum + one.errors, 0),
    });
    /** The source has seen the instance once, so that it knows where to count from. */
    const begin = async (): Promise<Instant> => {
      await rig.serve(5, 1);
      await rig.settle();
      const from = rig.now();
      return (await window(instant(from - 1000))).watermark;
    };

    it('counts what was served in the window, each request and each error once', async () => {
      const from = await begin();
      await rig.serve(100, 7);
      await rig.settle();
      const found = await window(from);
      assert.deepEqual(sumOf(found), { requests: 100, errors: 7 });
      const timed = found.instances.map(({ latency }) => (latency === null ? null : countFrom(latency, 0)));
      if (!timed.includes(null))
        assert.equal(
          timed.reduce((sum: number, one) => sum + (one ?? 0), 0),
          100,
        );
    });

    it('calls final what will not change: asked again, it says the same', async () => {
      const from = await begin();
      await rig.serve(40, 2);
      await rig.settle();
      const first = await window(from);
      await rig.serve(60, 3);
      await rig.settle();
      assert.deepEqual(sumOf(await window(from, first.watermark)), sumOf(first));
    });

    it('adds up: windows that follow each other have what the whole has', async () => {
      const from = await begin();
      await rig.serve(40, 2);
      await rig.settle();
      const first = await window(from);
      await rig.serve(60, 3);
      await rig.settle();
      const second = await window(first.watermark);
      const whole = sumOf(await window(from, second.watermark));
      assert.deepEqual(whole, { requests: 100, errors: 5 });
      const parts = [sumOf(first), sumOf(second)];
      assert.equal(
        parts.reduce((sum, { requests }) => sum + requests, 0),
        whole.requests,
      );
      assert.equal(
        parts.reduce((sum, { errors }) => sum + errors, 0),
        whole.errors,
      );
    });

    it('keeps its watermark within what was asked for', async () => {
      const from = await begin();
      await rig.serve(10, 0);
      await rig.settle();
      const to = rig.now();
      const { watermark } = await window(from, to);
      assert.ok(watermark > from && watermark <= to, `${from} < ${watermark} <= ${to}`);
      assert.equal((await window(to, to)).watermark, to);
    });

    it('counts from 0 what began again', async () => {
      const from = await begin();
      await rig.serve(100, 0);
      await rig.settle();
      await rig.restart();
      await rig.serve(20, 4);
      await rig.settle();
      assert.deepEqual(sumOf(await window(from)), { requests: 120, errors: 4 });
    });

    it('knows nothing of a version that nobody counts', async () => {
      const from = await begin();
      await rig.settle();
      const stranger = {
        ...rig.arm,
        version: 'another',
        revision: 'sha256:another' as MetricArm['revision'],
      };
      const found = await rig.source
        .window(rig.query, stranger, from, rig.now())
        .then(sumOf, () => undefined);
      assert.ok(found === undefined || found.requests === 0);
    });

    it('makes no number of an answer that cannot be true', async (t) => {
      if (!rig.lie) return t.skip('it counts itself');
      const from = await begin();
      await rig.serve(10, 0);
      await rig.lie();
      await assert.rejects(window(from), { code: 'corrupt' });
    });

    it('says when nobody is there to be asked', async (t) => {
      if (!rig.silence) return t.skip('nobody is asked');
      const from = await begin();
      await rig.silence();
      await assert.rejects(window(from), { code: 'unavailable' });
    });
  });
}

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { judged, startScripted, type Scripted } from './wrong/harness.ts';
import { healthyJson, healthyOtlp, jsonShapes, otlpShapes } from './wrong/others.ts';
import { healthy, prometheusShapes } from './wrong/prometheus.ts';

const shapes = [...prometheusShapes, ...jsonShapes, ...otlpShapes];

let server: Scripted;
before(async () => {
  server = await startScripted();
});
after(() => server.stop());

describe('telemetry that is right', () => {
  for (const [name, shape] of Object.entries({ healthy, healthyJson, healthyOtlp }))
    it(`promotes a healthy canary: ${name}`, async () => {
      const last = (await judged(shape, server)).slice(-2);
      assert.deepEqual(
        last.map(({ verdict }) => verdict),
        ['ok', 'ok'],
        last[0]?.reason,
      );
    });
});

describe('telemetry that is wrong or missing', () => {
  it('has at least 40 shapes, each by its own name', () => {
    assert.ok(new Set(shapes.map(({ name }) => name)).size >= 40);
  });

  for (const shape of shapes)
    it(`never promotes: ${shape.name}`, async () => {
      const verdicts = await judged(shape, server);
      assert.deepEqual(
        verdicts.filter(({ verdict }) => verdict === 'ok'),
        [],
      );
      const last = verdicts.at(-1);
      assert.match(last?.reason ?? '', shape.reason);
      assert.equal(last?.verdict, 'warning', 'a person is told');
    });
});

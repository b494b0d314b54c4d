import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Deployment } from '../../src/core/deployment.ts';
import { noPrometheus, startPrometheus, type RunningPrometheus } from '../support/prometheus.ts';
import { Scenario } from './support/scenario.ts';

const metricsFrom = (url: string, staleAfter = '30s') => `
metrics:
  type: prometheus
  url: ${url}
  requests: http_requests_total{version="{{version}}"}
  errors: http_requests_total{version="{{version}}",code=~"5.."}
  scrape_interval: 200ms
  stale_after: ${staleAfter}
`;

describe(
  'a service that is judged by what a real Prometheus scrapes of it',
  { skip: noPrometheus ?? false },
  () => {
    let prometheus: RunningPrometheus;
    let scenario: Scenario;
    before(async () => {
      prometheus = await startPrometheus();
      scenario = await Scenario.build();
      await scenario.open({ version: 'first', metered: prometheus.targets });
    });
    after(async () => {
      await scenario.tearDown();
      await prometheus.stop();
    });

    /** @returns what became of it, and what the judge said */
    async function release(version: string, metrics: string, wrong = false) {
      const commit = scenario.release({ version, metrics, metered: prometheus.targets, wrong });
      const id = await scenario.deploymentOf(commit);
      const said = () =>
        scenario.journal
          .of(id)
          .flatMap((event) =>
            event.type === 'verdict.changed' ? [`${event.verdict}: ${event.reason}`] : [],
          );
      return { id, said };
    }

    it('goes all the way when it is well', async () => {
      const { id, said } = await release('second', metricsFrom(prometheus.url));
      const { status }: Deployment = await scenario.end(id);
      assert.equal(status.state, 'completed', said().join('\n'));
      assert.match(said().join('\n'), /ok: no evidence of harm: errors 0% on the canary/);
    });

    it('goes back for errors that nobody but its own counters knows of', async () => {
      const { id, said } = await release('third', metricsFrom(prometheus.url), true);
      const { status }: Deployment = await scenario.end(id);
      assert.equal(status.state, 'failed', said().join('\n'));
      assert.match(said().join('\n'), /issue: errors \d+(?:\.\d+)?% on the canary/);
    });
  },
);

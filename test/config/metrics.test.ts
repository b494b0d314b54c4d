import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/config/parse.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { adapters, BASE, configOf } from './adapters.ts';

const planOf = (metrics: string, environment = '') =>
  configOf(`${BASE}${metrics}\nenvironments:\n  production: {${environment}}\n`).environments['production']
    ?.plan.analysis.metrics;

const problemsOf = (metrics: string) =>
  parseConfig(`${BASE}${metrics}\n`, 'spillway.yaml', adapters).problems.map(formatProblem);

const PROMETHEUS = `metrics:
  type: prometheus
  url: \${PROMETHEUS_URL}
  requests: requests_total{version="{{version}}"}
  errors: requests_total{version="{{version}}",code=~"5.."}
`;

describe('metrics in spillway.yaml', () => {
  it("are the provider's own counts, where nothing is said", () => {
    assert.equal(planOf(''), undefined);
    assert.equal(planOf('metrics: { type: traffic }'), undefined);
  });

  it('come from a source, with its settings as its schema writes them', () => {
    const plan = planOf(`${PROMETHEUS}  scrape_interval: 10s\n  stale_after: 40s\n`);
    assert.equal(plan?.type, 'prometheus');
    assert.equal(plan.staleAfter, 40_000);
    const { url, scrape_interval: interval, timeout, latency } = plan.settings;
    assert.deepEqual([url, interval, timeout, latency], ['${PROMETHEUS_URL}', 10_000, 5000, null]);
    assert.ok(adapters.metrics['prometheus']?.safeParse(plan.settings).success, 'it takes what it puts out');
  });

  it("let the environment's word go over the file's", () => {
    assert.equal(
      planOf(PROMETHEUS, 'metrics: { scrape_interval: 30s }')?.settings['scrape_interval'],
      30_000,
    );
    assert.equal(planOf(PROMETHEUS, 'metrics: { type: traffic }'), undefined);
  });

  const wrong: ReadonlyArray<readonly [name: string, text: string, expected: RegExp]> = [
    [
      'an unknown kind',
      'metrics: { type: promethius }',
      /:4:18: error: there is no metrics type "promethius".*did you mean prometheus/,
    ],
    [
      'a key that there is not',
      `${PROMETHEUS}  request: x`,
      /:9:3: error: unknown key "request"; did you mean requests\?/,
    ],
    [
      'a template name that there is not',
      PROMETHEUS.replaceAll('{{version}}"}', '{{release}}"}'),
      /:7:13: error: metrics\.requests may contain .*not \{\{release\}\}/,
    ],
    ['a value outside of quotes', PROMETHEUS.replace('"{{version}}"}', '{{version}}}'), /within quotes/],
    [
      'a rate instead of a counter',
      PROMETHEUS.replace(/requests: .*/, 'requests: rate(requests_total[5m])'),
      /selector of counters/,
    ],
    [
      'a window for one query only',
      PROMETHEUS.replace(/requests: .*/, 'requests: sum(increase(r[{{window}}]))'),
      /metrics\.errors should use \{\{window\}\}/,
    ],
    [
      'an interval without a unit',
      `${PROMETHEUS}  scrape_interval: 15`,
      /scrape_interval should be a duration/,
    ],
    [
      'a stale_after without a unit',
      `${PROMETHEUS}  stale_after: 15`,
      /metrics\.stale_after should be a duration/,
    ],
    ['no queries', 'metrics: { type: prometheus, url: http://p }', /metrics\.requests is missing/],
    [
      'a pointer that is none',
      'metrics: { type: http-json, url: http://p, requests: data, errors: /e }',
      /metrics\.requests should be a JSON pointer/,
    ],
    [
      'an address that is none',
      PROMETHEUS.replace(/url: .*/, 'url: prometheus:9090'),
      /:6:8: error: metrics\.url should be an address such as http/,
    ],
    [
      'an address with a line in it',
      'metrics: { type: http-json, url: "http://p\\n/x", requests: /r, errors: /e }',
      /metrics\.url should be an address/,
    ],
    [
      'half a window',
      'metrics: { type: http-json, url: "http://p?from={{from}}", requests: /r, errors: /e }',
      /both \{\{from\}\} and \{\{to\}\}/,
    ],
    [
      'an origin that there is not',
      'metrics: { type: otlp, origin: span }',
      /one of .*spans.*did you mean spans/,
    ],
  ];
  for (const [name, text, expected] of wrong)
    it(`say where it is wrong: ${name}`, () => {
      assert.match(problemsOf(text).join('\n'), expected);
    });
});

// A service that counts what it answers, as Prometheus' client libraries do, and tells Prometheus where it is.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

const { PORT = '3000', HOST = '127.0.0.1', TARGETS = 'targets' } = process.env;
const { SPILLWAY_VERSION = 'dev', SPILLWAY_INSTANCE = 'dev' } = process.env;
/** Upper bounds in seconds: one lies at each limit of spillway.yaml. */
const BOUNDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5];

const labels = `app="measured",version=${JSON.stringify(SPILLWAY_VERSION)}`;
// Both are there from the start: a counter that does not exist yet says nothing.
const requests = { 200: 0, 500: 0 };
const buckets = BOUNDS.map(() => 0);

function count(code, seconds) {
  requests[code]++;
  BOUNDS.forEach((bound, i) => {
    if (seconds <= bound) buckets[i]++;
  });
}

function metrics() {
  const all = requests[200] + requests[500];
  const lines = Object.entries(requests).map(
    ([code, n]) => `http_requests_total{${labels},code="${code}"} ${n}`,
  );
  const histogram = [...BOUNDS.map((bound, i) => [bound, buckets[i]]), ['+Inf', all]];
  lines.push(
    ...histogram.map(([le, n]) => `http_request_duration_seconds_bucket{${labels},le="${le}"} ${n}`),
  );
  return `${lines.join('\n')}\n`;
}

const server = createServer((request, response) => {
  if (request.url === '/metrics') return response.end(metrics());
  if (request.url === '/health') return response.end('well\n');
  const began = performance.now();
  response.on('finish', () => count(response.statusCode, (performance.now() - began) / 1000));
  response.end(`version ${SPILLWAY_VERSION}\n`);
});

// Ports change with every release: Prometheus finds them by a file for each instance (file_sd_configs).
const file = join(TARGETS, `${SPILLWAY_INSTANCE}.json`);
server.listen(Number(PORT), HOST, () => {
  mkdirSync(TARGETS, { recursive: true });
  writeFileSync(file, JSON.stringify([{ targets: [`${HOST}:${PORT}`] }]));
});

process.on('SIGTERM', () => {
  rmSync(file, { force: true });
  server.close();
});

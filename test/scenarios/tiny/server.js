// A service that can do nothing but be released: it says its version. A sick one is well until it has served.
const { createServer } = require('node:http');
const { existsSync, readFileSync } = require('node:fs');
const metrics = require('./metrics.js');
const { record, version } = require('./record.js');

const WELL_FOR = 100;
/** Beside it a fresh process's slowness is small, so that no judge takes it for a fault of the release. */
const WORK_MS = 30;
const sick = existsSync('sick');
/** Five times as slow when it has just started, with this time constant, and never twice the same. */
const cold = existsSync('cold');
const WARMS_UP_MS = 4000;
const began = Date.now();
const slowness = () =>
  cold ? (0.5 + Math.random()) * (1 + 4 * Math.exp((began - Date.now()) / WARMS_UP_MS)) : 1;
/** Fails the share of its requests that this file says, as long as it says so, evenly. */
const faulty = existsSync('faulty') ? readFileSync('faulty', 'utf8') : undefined;
const faultsNow = () =>
  faulty !== undefined && existsSync(faulty) ? Number(readFileSync(faulty, 'utf8')) : 0;
let owed = 0;
let served = 0;

const server = createServer((request, response) => {
  request.resume();
  if (request.url === '/metrics') return metrics.say(response);
  if (request.url !== '/health') metrics.count();
  const ill = request.url === '/health' ? sick && served > WELL_FOR : (served++, false);
  if (request.url !== '/health') owed += faultsNow();
  const fails = owed >= 1;
  if (fails) owed--;
  const status = ill ? 503 : fails ? 500 : 200;
  const answer = () => response.writeHead(status, { 'x-shop-version': version }).end();
  setTimeout(answer, WORK_MS * slowness());
});
server.listen(Number(process.env.PORT), '127.0.0.1');
record('start');
metrics.found();

process.once('SIGTERM', () => {
  metrics.gone();
  server.close().closeIdleConnections();
});

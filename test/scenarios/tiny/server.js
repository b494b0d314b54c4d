// A service that can do nothing but be released: it says its version. A sick one is well until it has served.
const { createServer } = require('node:http');
const { existsSync } = require('node:fs');
const { record, version } = require('./record.js');

const WELL_FOR = 100;
const sick = existsSync('sick');
let served = 0;

const server = createServer((request, response) => {
  request.resume();
  const ill = request.url === '/health' ? sick && served > WELL_FOR : (served++, false);
  response.writeHead(ill ? 503 : 200, { 'x-shop-version': version }).end();
});
server.listen(Number(process.env.PORT), '127.0.0.1');
record('start');

process.once('SIGTERM', () => server.close().closeIdleConnections());

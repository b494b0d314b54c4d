// Answers as a service does whose process starts cold: slower by half at first, and as fast as ever after a few minutes. A visitor
// that says so runs into an error each time; of the others half a percent do.
const { createServer } = require('node:http');

const MEDIAN_MS = 8;
const SIGMA = 0.5;
const COLD = 0.5;
const WARMING_SECONDS = 60;
const ERROR_RATE = 0.005;

const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const latency = () =>
  MEDIAN_MS * Math.exp(SIGMA * normal()) * (1 + COLD * Math.exp(-process.uptime() / WARMING_SECONDS));

const server = createServer((request, response) => {
  request.resume();
  if (request.url === '/health') return response.end();
  const fails = 'x-looping' in request.headers || Math.random() < ERROR_RATE;
  setTimeout(() => response.writeHead(fails ? 500 : 200).end(), latency());
});
server.listen(Number(process.env.PORT), '127.0.0.1');
process.once('SIGTERM', () => server.close().closeIdleConnections());

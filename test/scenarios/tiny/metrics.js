// What the service counts of itself, for a Prometheus that finds it by the files in a folder. Without the file `metered`: nothing.
const { existsSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const { PORT, SPILLWAY_INSTANCE, SPILLWAY_VERSION = '' } = process.env;
const folder = existsSync('metered') ? readFileSync('metered', 'utf8') : undefined;
const file = path.join(folder ?? '.', `${SPILLWAY_INSTANCE}.json`);
/** One in ten goes wrong, which nobody else sees. */
const wrong = existsSync('wrong');
const counts = { 200: 0, 500: 0 };

exports.count = () => counts[wrong && counts[200] > 9 * counts[500] ? 500 : 200]++;

exports.found = () => {
  if (folder) writeFileSync(file, JSON.stringify([{ targets: [`127.0.0.1:${PORT}`] }]));
};

exports.gone = () => {
  if (folder) rmSync(file, { force: true });
};

exports.say = (response) => {
  const lines = Object.entries(counts).map(
    ([code, count]) =>
      `http_requests_total{version=${JSON.stringify(SPILLWAY_VERSION)},code="${code}"} ${count}\n`,
  );
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(lines.join(''));
};

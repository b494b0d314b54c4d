// record.js WORD: writes the word and the version down in a file outside, so that a test can count what was done.
const { appendFileSync, readFileSync } = require('node:fs');
const path = require('node:path');

const here = (name) => readFileSync(path.join(__dirname, name), 'utf8').trim();

exports.version = here('version');
exports.record = (word) => appendFileSync(here('ledger'), `${word} ${exports.version}\n`);

if (require.main === module) exports.record(process.argv[2]);

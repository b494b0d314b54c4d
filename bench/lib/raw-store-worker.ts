/** The plainest database worker: each message is a batch of texts, each batch one commit of one row a text. */
import { parentPort, workerData } from 'node:worker_threads';
import BetterSqlite3 from 'better-sqlite3';

const db = new BetterSqlite3((workerData as { readonly path: string }).path);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.exec('CREATE TABLE bodies (number INTEGER PRIMARY KEY, body TEXT NOT NULL)');
const insert = db.prepare<[string]>('INSERT INTO bodies (body) VALUES (?)');
parentPort?.on('message', (bodies: readonly string[]) => {
  db.exec('BEGIN IMMEDIATE');
  for (const body of bodies) insert.run(body);
  db.exec('COMMIT');
  parentPort?.postMessage(bodies.length);
});

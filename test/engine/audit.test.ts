import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { verifyExport } from '../../src/ledger/index.ts';
import { means } from './support/audit.ts';
import { Bench } from './support/bench.ts';

async function exported(bench: Bench): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of bench.engine.exportAudit()) lines.push(line);
  return lines;
}

describe('the exported audit log', () => {
  it('holds every event, verifies without the server, and after a restart under the same key', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    const first = await exported(bench);
    const events = await bench.store.events({ limit: 1000 });
    const verdict = verifyExport(first, means);
    assert.deepEqual(verdict.problems, []);
    assert.equal(verdict.size, events.length);

    await bench.crash();
    await bench.system.settle();
    const trustedKey = (JSON.parse(first[0] ?? '') as { publicKey: string }).publicKey;
    const later = verifyExport(await exported(bench), { ...means, trustedKey });
    assert.deepEqual(later.problems, []);
    assert.ok(later.size > verdict.size);
    await bench.stop();
  });

  it('does not verify when a word of it is changed', async () => {
    const bench = await Bench.start();
    await bench.serve('1.0.0');
    const forged = (await exported(bench)).map((line) => line.replace('"actor":"ada"', '"actor":"eve"'));
    assert.equal(verifyExport(forged, means).ok, false);
    await bench.stop();
  });
});

import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import { verifyExport, type VerificationMeans } from '../../src/ledger/index.ts';
import { Bench } from './support/bench.ts';

const means: VerificationMeans = {
  hash: (data) => createHash('sha256').update(data).digest(),
  verifySignature: (publicKey, message, signature) => {
    const x = Buffer.from(publicKey).toString('base64url');
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
    return verify(null, message, key, signature);
  },
};

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

import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { createMasker, maskText } from '../../src/exec/mask.ts';

/** The same in one piece and by a single loop: at each place the longest secret that begins there goes. */
function twin(text: string, secrets: readonly string[]): string {
  let shown = '';
  for (let i = 0; i < text.length;) {
    const found = secrets
      .filter((one) => one !== '' && text.startsWith(one, i))
      .toSorted((a, b) => b.length - a.length)[0];
    shown += found === undefined ? (text[i] ?? '') : '***';
    i += found?.length ?? 1;
  }
  return shown;
}

it('hides secrets however the text is cut into pieces', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '$'), maxLength: 40 });
  const secret = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '.', '$'), maxLength: 5 });
  fc.assert(
    fc.property(
      text,
      fc.array(secret, { maxLength: 3 }),
      fc.array(fc.nat(5), { maxLength: 40 }),
      (whole, secrets, sizes) => {
        const masker = createMasker(secrets);
        let shown = '';
        let at = 0;
        for (const size of sizes) {
          shown += masker.push(Buffer.from(whole.slice(at, at + size))).toString();
          at += size;
        }
        shown += masker.push(Buffer.from(whole.slice(at))).toString() + masker.end().toString();
        return shown === twin(whole, secrets);
      },
    ),
  );
});

it('hides each line of a secret with several, and text beyond ASCII', () => {
  const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\n-----END KEY-----\n';
  assert.equal(maskText('  MIIEvQIBADANBg  pässwört é', [key, 'pässwört']), '  ***  *** é');
});

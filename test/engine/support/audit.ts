import { createHash, createPublicKey, verify } from 'node:crypto';
import type { VerificationMeans } from '../../../src/ledger/index.ts';

/** What an auditor brings along to prove an export. */
export const means: VerificationMeans = {
  hash: (data) => createHash('sha256').update(data).digest(),
  verifySignature: (publicKey, message, signature) => {
    const x = Buffer.from(publicKey).toString('base64url');
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
    return verify(null, message, key, signature);
  },
};

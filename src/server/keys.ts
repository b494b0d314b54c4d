import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { AuditKeyFile } from '../engine/audit.ts';
import { writeDurably } from '../exec/durable.ts';

/** Keys are readable by the server's user only. */
const PRIVATE = 0o600;

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Where the key that signs audit checkpoints is kept. */
export function auditKeyFile(dataDir: string): AuditKeyFile {
  const path = join(dataDir, 'signing.key');
  return {
    origin: `spillway/${hostname().replace(/\s+/g, '-') || 'host'}`,
    read: () => readIfThere(path),
    write: (pem) => writeDurably(path, pem, PRIVATE),
  };
}

/** The key under which versions of secrets get their ids; made at the first start. */
export async function versionKey(dataDir: string): Promise<Uint8Array> {
  const path = join(dataDir, 'versions.key');
  const kept = await readIfThere(path);
  if (kept !== undefined) return Buffer.from(kept, 'hex');
  const fresh = randomBytes(32);
  await writeDurably(path, fresh.toString('hex'), PRIVATE);
  return fresh;
}

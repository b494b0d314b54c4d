import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from 'node:crypto';
import { SpillwayError } from '../core/errors.ts';
import {
  checkpointLine,
  entryBytes,
  entryLine,
  formatCheckpoint,
  formatNote,
  formatVerifierKey,
  fromHex,
  headerLine,
  leafHashOf,
  utf8,
  verifierKey,
  type Hash,
  type VerifierKey,
} from '../ledger/index.ts';
import { CHECKPOINT_SETTING, type Store } from '../ports/store.ts';

/** Where the signing key is kept: readable by this server only. */
export interface AuditKeyFile {
  /** The log's name in checkpoints: one word, such as the host's name. */
  readonly origin: string;
  /** PEM; undefined before the first start. */
  read(): Promise<string | undefined>;
  write(pem: string): Promise<void>;
}

const PAGE = 500;

const sha256: Hash = (data) => createHash('sha256').update(data).digest();

/** The audit log's seal: integrates new leaves, signs the tree's head, and writes the log out for whoever checks it. */
export class AuditSeal {
  readonly #store: Store;
  readonly #privateKey: KeyObject;
  readonly #key: VerifierKey;

  private constructor(store: Store, privateKey: KeyObject, key: VerifierKey) {
    this.#store = store;
    this.#privateKey = privateKey;
    this.#key = key;
  }

  /** Reads the signing key, or makes one. */
  static async open(store: Store, file: AuditKeyFile): Promise<AuditSeal> {
    const pem = (await file.read()) ?? (await newKey(file));
    const privateKey = createPrivateKey(pem);
    if (privateKey.asymmetricKeyType !== 'ed25519')
      throw new SpillwayError('corrupt', 'the audit key is not an Ed25519 key', { where: file.origin });
    const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
    const key = verifierKey(sha256, file.origin, Buffer.from(x, 'base64url'));
    return new AuditSeal(store, privateKey, key);
  }

  /** Integrates what has been recorded, and signs. The checkpoint is kept, so that the next one can be held against it. */
  async seal(): Promise<{ readonly size: number; readonly note: string }> {
    const { size, root } = await this.#store.sequenceAudit();
    const bytes = fromHex(root);
    if (bytes === undefined) throw new SpillwayError('corrupt', `the audit tree's root is no hex: ${root}`);
    const body = formatCheckpoint({ origin: this.#key.name, size, root: bytes });
    const signature = sign(null, utf8(body), this.#privateKey);
    const note = formatNote({ body, signatures: [{ name: this.#key.name, keyId: this.#key.id, signature }] });
    await this.#store.putSetting(CHECKPOINT_SETTING, note);
    return { size, note };
  }

  /** The whole log under a fresh checkpoint, line by line: header, entries, checkpoint. */
  async *export(): AsyncIterable<string> {
    const { size, note } = await this.seal();
    yield headerLine({ origin: this.#key.name, publicKey: formatVerifierKey(this.#key) });
    for (let from = 0; from < size; from += PAGE) {
      for (const { index, salt, entry } of await this.#store.auditEntries(
        from,
        Math.min(PAGE, size - from),
      )) {
        const bytes = Buffer.from(salt, 'hex');
        yield entryLine(index, bytes, entry, leafHashOf(sha256, entryBytes(entry), bytes));
      }
    }
    yield checkpointLine(note);
  }
}

async function newKey(file: AuditKeyFile): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await file.write(pem);
  return pem;
}

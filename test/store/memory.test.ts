import { storeContract } from '../contracts/store.ts';
import { seededChance } from '../support/chance.ts';
import { memoryStore } from '../support/memory-store.ts';

storeContract('memory', async () => {
  const store = memoryStore(seededChance(1));
  return { store, reopen: null, dispose: () => store.close() };
});

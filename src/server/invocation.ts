import { fileURLToPath } from 'node:url';
import type { GitHook } from '../cli/context.ts';

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** How another program runs this one: by the launcher of a checkout, or by Node where it is installed. */
export const invocation: readonly string[] = import.meta.url.endsWith('.ts')
  ? [fromHere('../../bin/spillway')]
  : [process.execPath, fromHere('../main.js')];

/** What the command line needs to know of Git's hooks. */
export async function gitHook(): Promise<GitHook> {
  const { parsePostReceive, postReceiveHook } = await import('../triggers/git/index.ts');
  return { parse: parsePostReceive, script: postReceiveHook };
}

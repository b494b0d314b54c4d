/** One line of what Git tells a `post-receive` hook. */
export interface RefUpdate {
  readonly oldSha: string;
  readonly newSha: string;
  readonly ref: string;
}

/**
 * Reads the standard input of a `post-receive` hook: `<old> <new> <ref>` a line, in the order of the push.
 * @returns nothing for lines that are no ref update; `receive` checks the rest
 */
export const parsePostReceive = (stdin: string): RefUpdate[] =>
  stdin.split('\n').flatMap((line) => {
    const [, oldSha, newSha, ref] = /^([0-9a-f]{40}) ([0-9a-f]{40}) (.+)$/.exec(line) ?? [];
    return oldSha !== undefined && newSha !== undefined && ref !== undefined ? [{ oldSha, newSha, ref }] : [];
  });

/**
 * The text of the hook. A push has already happened when it runs: whatever goes wrong is told to the one who pushed, and
 * the push stays.
 * @param command the program and arguments that report, such as `['/usr/bin/spillway', 'hook', 'post-receive']`
 */
export const postReceiveHook = (command: readonly string[]): string => `#!/bin/sh
# Tells Spillway what was pushed. Written by Spillway; changes are overwritten.
exec ${command.map(quoted).join(' ')}
`;

const quoted = (word: string) => (/^[\w./:=@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

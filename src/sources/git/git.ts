import { join } from 'node:path';
import { SpillwayError } from '../../core/errors.ts';
import { minutes, seconds, type Duration } from '../../core/time.ts';
import { capture } from '../../exec/capture.ts';
import { minimalEnvironment } from '../../exec/environment.ts';
import type { System } from '../../ports/system.ts';

export interface GitResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface Git {
  /** Runs git on the mirror. Arguments from outside must have been checked. @throws SpillwayError `timeout`, `too_large` */
  (args: readonly string[], options?: GitOptions): Promise<GitResult>;
}

interface GitOptions {
  /** Where to run instead of on the mirror. */
  readonly folder?: string;
  readonly limit?: Duration;
  readonly maxBytes?: number;
  /** A program with arguments that runs git, whose own arguments follow. */
  readonly under?: readonly string[];
}

export const FETCH_LIMIT = minutes(10);
const LOCAL_LIMIT = minutes(2);
const GRACE = seconds(2);
const MAX_BYTES = 64_000_000;

/** What reaching a repository may need of Spillway's own environment: its agent, its proxy, its certificates. */
const PASSED_ON = [
  'SSH_AUTH_SOCK',
  'XDG_CONFIG_HOME',
  'HTTPS_PROXY',
  'https_proxy',
  'NO_PROXY',
  'no_proxy',
  'GIT_SSL_CAINFO',
  'SSL_CERT_FILE',
];

/** The same on every machine, whatever its git is configured to; and no hook of anybody's runs. */
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.autocrlf=false',
  'gc.auto=0', // commits that were deployed must stay when their branch is gone
  'maintenance.auto=false',
  'log.showSignature=false',
  'i18n.logOutputEncoding=UTF-8',
  'versionsort.suffix=-',
  'advice.detachedHead=false',
].flatMap((setting) => ['-c', setting]);

export const mirrorOf = (dir: string) => join(dir, 'mirror.git');

/** @param dir folder that holds the mirror */
export function createGit(dir: string, system: System): Git {
  const environment = {
    ...minimalEnvironment(),
    ...Object.fromEntries(
      PASSED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
    ),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'file:https:ssh',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_OPTIONAL_LOCKS: '0',
  };
  return async (args, { folder, limit = LOCAL_LIMIT, maxBytes = MAX_BYTES, under = [] } = {}) => {
    const control = new AbortController();
    const cancel = system.after(limit, () => control.abort());
    const place = folder === undefined ? [`--git-dir=${mirrorOf(dir)}`] : ['-C', folder];
    try {
      const { end, stdout, stderr } = await capture(
        {
          argv: [...under, 'git', ...SETTINGS, ...place, ...args],
          cwd: dir,
          env: environment,
          mark: system.id(),
          signal: control.signal,
          grace: GRACE,
          sleep: (wait) => system.sleep(wait),
        },
        maxBytes,
      );
      if (end.kind === 'exited') return { code: end.code, stdout, stderr };
      if (end.kind === 'aborted')
        throw new SpillwayError('timeout', `git ${args[0]} took too long`, { where: dir });
      const how =
        end.kind === 'killed' ? `was ended by ${end.signal}` : `could not be started: ${end.reason}`;
      throw new SpillwayError('unavailable', `git ${how}`, {
        where: dir,
        hint: 'Spillway needs git, and flock of util-linux, on its PATH.',
      });
    } finally {
      cancel();
    }
  };
}

/** @returns the output. @throws SpillwayError `command_failed` */
export function succeeded({ code, stdout, stderr }: GitResult): Buffer {
  if (code === 0) return stdout;
  throw new SpillwayError('command_failed', `git exited with code ${code}: ${stderr}`);
}

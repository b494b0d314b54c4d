import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DEFAULTS = `
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 65s
  timeout server 65s
`;

function write(dir: string, name: string, config: string): readonly string[] {
  const file = join(dir, `${name}.cfg`);
  writeFileSync(file, DEFAULTS + config);
  return ['haproxy', '-db', '-q', '-f', file];
}

/** @returns the command of a single-threaded HAProxy that forwards with X-Forwarded-For and keep-alive both ways. */
export const haproxyCommand = (dir: string, port: number, upstream: number): readonly string[] =>
  write(
    dir,
    `proxy-${port}`,
    `
frontend in
  bind 127.0.0.1:${port}
  option forwardfor
  default_backend app
backend app
  http-reuse always
  server one 127.0.0.1:${upstream}
`,
  );

/** @returns the command of an upstream that answers a small page without any work. */
export const fastUpstreamCommand = (dir: string, port: number): readonly string[] =>
  write(
    dir,
    `fast-${port}`,
    `
frontend in
  bind 127.0.0.1:${port}
  http-request return status 200 content-type text/plain string "a small answer from memory, without any work"
`,
  );

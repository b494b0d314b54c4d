export { createServer, type HttpServer } from './server.ts';
export { ACTOR_HEADER, type HookSource, type HttpOptions } from './options.ts';
export type { Problem } from './problem.ts';

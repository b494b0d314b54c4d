export { createServer, type HttpServer } from './server.ts';
export type { HookSource, HttpOptions } from './options.ts';

export type { Commands, UpOptions } from './context.ts';
export { processIo, type Io } from './io.ts';
export { runCli } from './program.ts';

/** `open-loop-worker.ts <url> <requests per second> <seconds>` prints the latencies in milliseconds as JSON. */
import { openLoop } from './open-loop.ts';

const [url = '', rate = '', seconds = ''] = process.argv.slice(2);
console.log(JSON.stringify(await openLoop(url, Number(rate), Number(seconds))));

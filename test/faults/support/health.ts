import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { socketIn } from '../../../src/cli/discover.ts';
import type { HealthReport } from '../../../src/engine/control-plane.ts';

/** What a server says of itself, also when it is not well. */
export function healthOf(dataDir: string): Promise<HealthReport> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socketIn(dataDir), path: '/health' }, (answer) => {
      text(answer)
        .then((body) => resolve(JSON.parse(body) as HealthReport))
        .catch(reject);
    });
    asked.once('error', reject);
    asked.end();
  });
}

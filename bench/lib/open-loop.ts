import { Agent, request, type OutgoingHttpHeaders } from 'node:http';

/** What one request sends. */
export interface Sent {
  readonly method: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

const plainGet = (): Sent => ({ method: 'GET', headers: {}, body: '' });

/**
 * Sends requests at a fixed rate whether or not answers come, and takes each latency from the moment at which the request was
 * due: a stall then shows in every request that it delays, not in one only (coordinated omission).
 * @param rate requests a second
 * @param next what the next request sends
 * @returns milliseconds, one a request
 * @throws when a request gets no answer, or one that is no success
 */
export function openLoop(
  url: string,
  rate: number,
  seconds: number,
  next: () => Sent = plainGet,
): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const total = Math.round(rate * seconds);
  const latencies: number[] = [];
  const began = performance.now();
  let sent = 0;
  return new Promise((resolve, reject) => {
    const send = (due: number) => {
      const { body, ...options } = next();
      const req = request(url, { agent, ...options }, (res) => {
        const { statusCode = 500 } = res;
        if (statusCode >= 300) reject(new Error(`${url} answered ${statusCode}`));
        res.resume();
        res.once('end', () => {
          latencies.push(performance.now() - due);
          if (latencies.length < total) return;
          agent.destroy();
          resolve(latencies);
        });
      });
      req.once('error', reject).end(body);
    };
    const tick = () => {
      const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * rate) + 1);
      for (; sent < due; sent++) send(began + (sent * 1000) / rate);
      if (sent < total) setTimeout(tick, 1);
    };
    tick();
  });
}

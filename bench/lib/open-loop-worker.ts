import { Agent, request } from 'node:http';

/**
 * Sends requests at a fixed rate whether or not answers come, and takes each latency from the moment at which the request was
 * due: a stall then shows in every request that it delays, not in one only (coordinated omission).
 * As a program: `open-loop-worker.ts <url> <requests per second> <seconds>` prints the latencies in milliseconds as JSON.
 */
function openLoop(url: string, rate: number, seconds: number): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const total = Math.round(rate * seconds);
  const latencies: number[] = [];
  const began = performance.now();
  let sent = 0;
  return new Promise((resolve, reject) => {
    const send = (due: number) => {
      const req = request(url, { agent }, (res) => {
        res.resume();
        res.once('end', () => {
          latencies.push(performance.now() - due);
          if (latencies.length < total) return;
          agent.destroy();
          resolve(latencies);
        });
      });
      req.once('error', reject).end();
    };
    const tick = () => {
      const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * rate) + 1);
      for (; sent < due; sent++) send(began + (sent * 1000) / rate);
      if (sent < total) setTimeout(tick, 1);
    };
    tick();
  });
}

const [url = '', rate = '', seconds = ''] = process.argv.slice(2);
console.log(JSON.stringify(await openLoop(url, Number(rate), Number(seconds))));

/** The least that a webhook costs: webhook-sink.ts PORT SECRET checks the signature, reads the JSON, keeps nothing. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const [port = '', secret = ''] = process.argv.slice(2);
createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () => {
    const body = Buffer.concat(chunks);
    const given = Buffer.from(String(request.headers['x-hub-signature-256']).slice('sha256='.length), 'hex');
    const genuine = timingSafeEqual(given, createHmac('sha256', secret).update(body).digest());
    const { ref } = JSON.parse(body.toString()) as { readonly ref: string };
    response.writeHead(genuine ? 202 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ref }));
  });
}).listen(Number(port), '127.0.0.1');

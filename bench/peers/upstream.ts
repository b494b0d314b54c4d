/** The application of the benchmark: `upstream.ts <port>` answers a small page from memory, as Node services do. */
import { createServer } from 'node:http';

const page = Buffer.from(
  '{"status":"ok","items":[1,2,3,4,5,6,7,8],"message":"a small answer from memory"}\n',
);

createServer((_, res) => {
  res.writeHead(200, ['content-type', 'application/json', 'content-length', String(page.length)]);
  res.end(page);
}).listen(Number(process.argv[2]), '127.0.0.1');

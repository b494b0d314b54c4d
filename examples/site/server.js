import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const { PORT = '3000', HOST = '127.0.0.1' } = process.env;
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8' };

const server = createServer(async (request, response) => {
  const path = normalize(new URL(request.url, 'http://site').pathname).replace(/\/$/, '/index.html');
  const content = await readFile(join('public', path)).catch(() => undefined);
  response.writeHead(content ? 200 : 404, { 'content-type': TYPES[extname(path)] ?? 'text/plain' });
  response.end(content ?? 'not found\n');
});
server.keepAliveTimeout = 70_000;
server.listen(Number(PORT), HOST);
process.on('SIGTERM', () => server.close());

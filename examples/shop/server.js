import { createServer } from 'node:http';
import { answer } from './pages.js';

const { PORT = '3000', HOST = '127.0.0.1', SPILLWAY_VERSION = 'dev' } = process.env;

const server = createServer(async (request, response) => {
  request.resume();
  const { status, body } = await answer(request.method, request.url).catch(failed);
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'x-shop-version': SPILLWAY_VERSION,
    ...(server.listening ? {} : { connection: 'close' }),
  });
  response.end(text);
});

function failed(error) {
  if (!(error.expected ?? false)) console.error(error);
  return { status: 500, body: { error: error.message } };
}

// Longer than any proxy keeps a connection, so that the side that may be sending is never the one that is cut off.
server.keepAliveTimeout = 70_000;
server.listen(Number(PORT), HOST, () => console.log(`shop ${SPILLWAY_VERSION} listens on ${HOST}:${PORT}`));

// What has begun is finished, each on a connection that then closes; nothing is left to wait for, and the process ends.
process.on('SIGTERM', () => server.close());

/** The peer `http-proxy`, set up as well as its manual says: `http-proxy.ts <port> <upstream's port>`. */
import { Agent, createServer } from 'node:http';
import httpProxy from 'http-proxy';

const [port, upstream] = process.argv.slice(2).map(Number);
const proxy = httpProxy.createProxyServer({
  target: { host: '127.0.0.1', port: upstream ?? 0 },
  agent: new Agent({ keepAlive: true }),
  xfwd: true,
});
proxy.on('error', (_, __, res) => res.destroy());
createServer((req, res) => proxy.web(req, res)).listen(port, '127.0.0.1');

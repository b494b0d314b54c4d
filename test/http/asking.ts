import { request, type IncomingHttpHeaders } from 'node:http';

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON. */
  readonly json: Record<string, unknown>;
}

/** One request. @param where a socket's path, or `http://host:port` */
export const ask = (where: string, path: string, { method = 'GET', headers = {}, body }: Asked = {}) =>
  new Promise<Answer>((resolve, reject) => {
    const { hostname, port } = where.startsWith('http') ? new URL(where) : { hostname: '', port: '' };
    const target = where.startsWith('http') ? { host: hostname, port } : { socketPath: where };
    const call = request({ ...target, path, method, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const isJson = /json/.test(answer.headers['content-type'] ?? '');
        const json = isJson && !/jsonl/.test(answer.headers['content-type'] ?? '') ? JSON.parse(text) : {};
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, json });
      });
    });
    call.on('error', reject);
    call.end(body);
  });

export const post = (where: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(where, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

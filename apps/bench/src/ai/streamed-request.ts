import { Agent, request } from 'node:http';

export interface StreamedRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const agent = new Agent({ keepAlive: true });

/** Returns the time to the first token in milliseconds, once the whole answer has arrived. */
export function streamOnce({ url, headers, body }: StreamedRequest): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', agent, headers: { ...headers, 'content-type': 'application/json' } };
    const call = request(url, options, (response) => {
      let firstMs = 0;
      let end = '';
      response.on('data', (chunk: Buffer) => {
        firstMs ||= performance.now() - startedAt;
        end = chunk.toString().slice(-300);
      });
      response.once('error', reject);
      response.once('end', () =>
        response.statusCode === 200 && end.endsWith('[DONE]\n\n')
          ? resolve(firstMs)
          : reject(new Error(`Expected a whole answer, got ${response.statusCode}: ${end}`)),
      );
    });
    call.once('error', reject);
    call.end(body);
  });
}

import { createServer } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { Agent, request } from 'undici';

const dispatcher = new Agent();

/** What the gateway is compared with: undici, whose response is piped to the caller. */
const server = createServer((incoming, outgoing) => {
  if (incoming.url === '/health/ready') return void outgoing.end();
  void (async () => {
    const { statusCode, headers, body } = await request(`${process.env['UPSTREAM']}${incoming.url}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: incoming,
      dispatcher,
    });
    outgoing.writeHead(statusCode, { 'content-type': String(headers['content-type']) });
    await pipeline(body, outgoing);
  })().catch(() => outgoing.destroy());
});

server.listen(Number(process.env['PORT']), '127.0.0.1', () => process.stdout.write('The app is ready\n'));

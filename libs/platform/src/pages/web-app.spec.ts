import Fastify from 'fastify';
import { serveWebApp } from './web-app';

it.each(['/console', '/signup'])(
  'asks browsers to come back to %s while it is not built yet',
  async (url) => {
    const server = Fastify();
    serveWebApp(server, { name: 'not-built', under: '/console', entries: { 'signup.html': ['/signup'] } });
    const answer = await server.inject({ url, headers: { accept: 'text/html' } });
    expect(answer.statusCode).toBe(503);
    expect(answer.headers).toMatchObject({ 'retry-after': '2', 'content-type': 'text/html; charset=utf-8' });
    expect(answer.body).toContain('<meta http-equiv="refresh" content="2">');
    await server.close();
  },
);

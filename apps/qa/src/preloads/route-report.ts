import { subscribe } from 'node:diagnostics_channel';
import { type FastifyInstance } from 'fastify';

/**
 * Prints a line for each route registered with Fastify
 * (https://fastify.dev/docs/latest/Reference/Hooks/#diagnostics-channel-hooks).
 */
subscribe('fastify.initialization', (message) => {
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onRoute', ({ method, url }) => {
    process.stdout.write(`${JSON.stringify({ route: { method, path: url } })}\n`);
  });
});

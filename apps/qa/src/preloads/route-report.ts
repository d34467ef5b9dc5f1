import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type FastifyInstance } from 'fastify';

const CHANNEL = 'fastify.initialization';

/**
 * Prints a line for each route registered with the plane's server. That is the first one: the page of the API
 * description opens another (https://fastify.dev/docs/latest/Reference/Hooks/#diagnostics-channel-hooks).
 */
function report(message: unknown): void {
  unsubscribe(CHANNEL, report);
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onRoute', ({ method, url }) => {
    process.stdout.write(`${JSON.stringify({ route: { method, path: url } })}\n`);
  });
}

subscribe(CHANNEL, report);

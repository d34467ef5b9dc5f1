import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type FastifyInstance } from 'fastify';

const CHANNEL = 'fastify.initialization';

/**
 * Prints a line for each route of the plane's server, which is the first Fastify instance of the process. The
 * API description page creates a second instance
 * (https://fastify.dev/docs/latest/Reference/Hooks/#diagnostics-channel-hooks).
 */
function report(message: unknown): void {
  unsubscribe(CHANNEL, report);
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onRoute', ({ method, url }) => {
    process.stdout.write(`${JSON.stringify({ route: { method, path: url } })}\n`);
  });
}

subscribe(CHANNEL, report);

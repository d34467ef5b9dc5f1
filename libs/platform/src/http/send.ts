import { type FastifyReply } from 'fastify';
import { Sent } from '../openapi/serves';

/** Sends a browser on with a GET. */
export function redirect(reply: FastifyReply, url: string): Sent<undefined> {
  void reply.redirect(url, 303);
  return new Sent();
}

/** For a handler that also streams, and so has to send its answer itself. */
export async function sendJson<Answer>(reply: FastifyReply, answer: Answer): Promise<Sent<Answer>> {
  await reply.send(answer);
  return new Sent();
}

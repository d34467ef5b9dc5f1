import { type FastifyReply } from 'fastify';
import { Sent } from './sent';

/** Redirects a browser, which follows with a GET. */
export function redirect(reply: FastifyReply, url: string): Sent<undefined> {
  void reply.redirect(url, 303);
  return new Sent();
}

/** For a handler that may also stream, and therefore sends its responses itself. */
export async function sendJson<Answer>(reply: FastifyReply, answer: Answer): Promise<Sent<Answer>> {
  await reply.send(answer);
  return new Sent();
}

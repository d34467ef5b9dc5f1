import { type FastifyReply } from 'fastify';
import { Sent } from './sent';

/** Redirects a browser, which then requests the URL with a GET. */
export function redirect(reply: FastifyReply, url: string): Sent<undefined> {
  void reply.redirect(url, 303);
  return new Sent();
}

/** For handlers that send their responses themselves because they may also stream. */
export async function sendJson<Answer>(reply: FastifyReply, answer: Answer): Promise<Sent<Answer>> {
  await reply.send(answer);
  return new Sent();
}

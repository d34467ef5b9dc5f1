import { type FastifyReply } from 'fastify';
import { type RepeatableAnswer } from './sealed-idempotency';

export async function sendRepeatable(reply: FastifyReply, answer: RepeatableAnswer): Promise<void> {
  await reply.status(answer.status).headers(answer.headers).send(bodyOf(answer));
}

export function bodyOf({ body, install }: RepeatableAnswer): Record<string, unknown> {
  return install ? { ...body, install: install.bundle } : body;
}

import { type FastifyReply } from 'fastify';
import { type RepeatableAnswer } from './idempotency.service';

export async function sendRepeatable(reply: FastifyReply, answer: RepeatableAnswer): Promise<void> {
  const { status, headers, body, install } = answer;
  await reply
    .status(status)
    .headers(headers)
    .send(install ? { ...body, install: install.bundle } : body);
}

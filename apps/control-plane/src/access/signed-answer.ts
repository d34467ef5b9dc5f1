import { CONTROL_PLANE_VERSION_HEADER } from '@atlas/plane-contract';
import { Sent } from '@atlas/platform';
import { type ServiceCall } from '@atlas/service-auth';
import { type FastifyReply } from 'fastify';
import { CONTROL_PLANE_VERSION } from '../config/version-policy';

/**
 * Sends a response signed with the calling tenant plane's
 * key. `null` is sent as 204; a string is sent unchanged.
 */
export async function sendSigned<Answer extends object | string | null>(
  reply: FastifyReply,
  call: ServiceCall,
  answer: Answer,
  type = 'application/json',
): Promise<Sent<Exclude<Answer, string | null> | (null extends Answer ? undefined : never)>> {
  const status = answer === null ? 204 : 200;
  const body = typeof answer === 'string' ? answer : answer === null ? '' : JSON.stringify(answer);
  await reply
    .status(status)
    .headers({ ...call.signAnswer({ status, body }), 'content-type': type })
    .header(CONTROL_PLANE_VERSION_HEADER, CONTROL_PLANE_VERSION)
    .send(body);
  return new Sent();
}

import { type DomainError, ProblemFilter } from '@atlas/platform';
import { Catch } from '@nestjs/common';
import { type FastifyReply } from 'fastify';

/** Sends a person whose single sign-on failed back to the sign-in page, which says why and what to do. */
@Catch()
export class SignOnRefusalsFilter extends ProblemFilter {
  protected override showPerson({ code }: DomainError, _status: number, reply: FastifyReply): void {
    void reply.redirect(`/console/sign-in?problem=${encodeURIComponent(code)}`, 303);
  }
}

import {
  AdvisesIfUnknown,
  Refuses,
  SIGN_IN_AGAIN,
  type Sent,
  ApiTags,
  Public,
  redirect,
} from '@atlas/platform';
import { Controller, HttpCode, Req, Res, UseFilters } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Serves } from '../access/serves';
import { OperatorSingleSignOn } from './operator-single-sign-on';
import { SessionCookie } from './session-cookie';
import { SignOnRefusalsFilter } from './sign-on-refusals.filter';

/** Where a browser is redirected after signing in. */
const SIGNED_IN = '/console';

/** Single sign-on for browsers. It starts with a link and ends with a session cookie. */
@ApiTags('accounts')
@Public()
@Refuses('unauthenticated', 'forbidden', 'not_found', 'conflict')
@UseFilters(SignOnRefusalsFilter)
@Controller()
export class SingleSignOnController {
  constructor(
    private readonly signOn: OperatorSingleSignOn,
    private readonly cookie: SessionCookie,
  ) {}

  @Serves('GET /api/auth/oidc/start')
  @HttpCode(303)
  begin(@Res() reply: FastifyReply): Promise<Sent<undefined>> {
    return this.signOn.begin(reply);
  }

  @AdvisesIfUnknown(SIGN_IN_AGAIN)
  @Serves('GET /api/auth/oidc/callback')
  @HttpCode(303)
  async finish(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<Sent<undefined>> {
    const former_session = this.cookie.formerSession(request.headers);
    const signedIn = await this.signOn.finish(request, reply, { former_session });
    this.cookie.answer(signedIn, { cookie: true }, reply);
    return redirect(reply, SIGNED_IN);
  }
}

import { AdvisesIfUnknown, Refuses, SIGN_IN_AGAIN, type Sends, ApiTags, Public } from '@atlas/platform';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { OperatorSingleSignOn } from './operator-single-sign-on';
import { SessionCookie } from './session-cookie';

/** Where a browser is redirected after signing in. */
const SIGNED_IN = '/api/auth/me';

/** For browsers: they arrive through a link and leave with a cookie. */
@ApiTags('accounts')
@Public()
@Refuses('unauthenticated', 'forbidden', 'not_found', 'conflict')
@Controller('auth/oidc')
export class SingleSignOnController {
  constructor(
    private readonly signOn: OperatorSingleSignOn,
    private readonly cookie: SessionCookie,
  ) {}

  @Get('start')
  begin(@Res() reply: FastifyReply): Promise<Sends<{ 303: undefined }>> {
    return this.signOn.begin(reply);
  }

  @AdvisesIfUnknown(SIGN_IN_AGAIN)
  @Get('callback')
  async finish(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 303: undefined }>> {
    const former_session = this.cookie.formerSession(request.headers);
    const signedIn = await this.signOn.finish(request, reply, { former_session });
    this.cookie.answer(signedIn, { cookie: true }, reply);
    void reply.redirect(SIGNED_IN, 303);
  }
}

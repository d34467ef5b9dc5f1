import { ApiTags, Public } from '@atlas/platform';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { SessionCookie } from './session-cookie';
import { OperatorSingleSignOn } from './single-sign-on.service';

/** Where a browser is led that has signed in. */
const SIGNED_IN = '/api/auth/me';

/** For browsers: they come by a link, and leave with a cookie. */
@ApiTags('accounts')
@Public()
@Controller('auth/oidc')
export class SingleSignOnController {
  constructor(
    private readonly signOn: OperatorSingleSignOn,
    private readonly cookie: SessionCookie,
  ) {}

  @Get('start')
  begin(@Res() reply: FastifyReply): Promise<void> {
    return this.signOn.begin(reply);
  }

  @Get('callback')
  async finish(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    await this.cookie.answer(await this.signOn.finish(request, reply), { cookie: true }, reply);
    void reply.redirect(SIGNED_IN, 303);
  }
}

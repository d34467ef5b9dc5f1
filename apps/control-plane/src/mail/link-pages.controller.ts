import { ApiExcludeController, Public, sendLinkPage } from '@atlas/platform';
import { Controller, Get, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';

const NAME = 'Atlas';

/** What the links of mails, and those that owners hand on, open. */
@ApiExcludeController()
@Public()
@Controller()
export class LinkPagesController {
  @Get('signup/verify')
  verifySignup(@Res() reply: FastifyReply): FastifyReply {
    return sendLinkPage(reply, 'verify-signup', NAME);
  }

  @Get('reset-password')
  resetPassword(@Res() reply: FastifyReply): FastifyReply {
    return sendLinkPage(reply, 'reset-operator-password', NAME);
  }
}

import { ApiExcludeController, Public, sendLinkPage } from '@atlas/platform';
import { Controller, Get, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';

/** The pages that links in emails, and links passed on by owners, lead to. */
@ApiExcludeController()
@Public()
@Controller()
export class LinkPagesController {
  @Get('signup/verify')
  verifySignup(@Res() reply: FastifyReply): FastifyReply {
    return sendLinkPage(reply, 'verify-signup', 'Atlas');
  }

  @Get('reset-password')
  resetPassword(@Res() reply: FastifyReply): FastifyReply {
    return sendLinkPage(reply, 'reset-operator-password', 'Atlas Control Plane');
  }
}

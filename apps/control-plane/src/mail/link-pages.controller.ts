import { ApiExcludeController, Public, sendLinkPage } from '@atlas/platform';
import { Controller, Get, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';

/** Serves the pages behind the links in emails and the links that owners pass on. */
@ApiExcludeController()
@Public()
@Controller()
export class LinkPagesController {
  @Get('reset-password')
  resetPassword(@Res() reply: FastifyReply): FastifyReply {
    return sendLinkPage(reply, 'reset-operator-password', 'Atlas Control Plane');
  }
}

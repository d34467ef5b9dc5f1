import { ApiExcludeController, Public, isForBrowser } from '@atlas/platform';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { HTTP_APP } from './http-app.options';

/** Serves the root URL, which leads people to the console and points programs to the docs. */
@ApiExcludeController()
@Public()
@Controller()
export class HomeController {
  @Get()
  home(@Req() request: FastifyRequest, @Res() reply: FastifyReply): FastifyReply {
    void reply.header('vary', 'accept');
    if (isForBrowser(request)) return reply.redirect(HTTP_APP.webApp.under, 302);
    return reply.send({
      name: 'Atlas Control Plane',
      links: { help: '/help', docs: '/docs', openapi: '/openapi.json', ready: '/health/ready' },
    });
  }
}

import { ApiExcludeController, WebApp } from '@atlas/platform';
import { Controller, Get, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { WithoutLogin } from '../access/requires';
import { WORKSPACE } from './workspace';

/** The page at a tenant's address. If the tenant is unknown or suspended, the problem says so. */
@ApiExcludeController()
@Controller()
export class HomeController {
  private readonly workspace = new WebApp(WORKSPACE);

  @WithoutLogin()
  @Get()
  home(@Res() reply: FastifyReply): Promise<void> {
    return this.workspace.sendPage(reply);
  }
}

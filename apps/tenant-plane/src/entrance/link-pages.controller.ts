import { ApiExcludeController, sendLinkPage } from '@atlas/platform';
import { Controller, Get, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { WithoutLogin } from '../access/requires';
import { CurrentTenant } from '../access/tenant-request';
import { type Tenant } from '../tenancy/tenant.entity';

/** The pages opened by links in emails, served at the tenant's own address. */
@ApiExcludeController()
@WithoutLogin()
@Controller()
export class LinkPagesController {
  @Get('signup')
  signup(@CurrentTenant() { name }: Tenant, @Res() reply: FastifyReply): FastifyReply {
    return sendLinkPage(reply, 'signup', name, `${name} on Atlas`);
  }

  @Get('reset-password')
  resetPassword(@CurrentTenant() { name }: Tenant, @Res() reply: FastifyReply): FastifyReply {
    return sendLinkPage(reply, 'reset-password', name, `${name} on Atlas`);
  }
}

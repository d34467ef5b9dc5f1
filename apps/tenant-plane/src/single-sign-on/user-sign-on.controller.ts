import { AdvisesIfUnknown, Refuses, SIGN_IN_AGAIN, type Sends, ApiTags } from '@atlas/platform';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { SessionCookie } from '../accounts/session-cookie';
import { CurrentTenant } from '../tenancy/request-tenant';
import { type Tenant } from '../tenancy/tenant.entity';
import { WithoutLogin } from '../tenancy/tenant.guard';
import { UserSignOn } from './user-sign-on.service';

/** For browsers: they come by a link at the tenant's own address, and leave with a cookie. */
@ApiTags('accounts')
@WithoutLogin()
@Refuses('conflict')
@Controller('auth/oidc')
export class UserSignOnController {
  constructor(
    private readonly signOn: UserSignOn,
    private readonly cookie: SessionCookie,
  ) {}

  @Get('start')
  begin(@CurrentTenant() tenant: Tenant, @Res() reply: FastifyReply): Promise<Sends<{ 303: undefined }>> {
    return this.signOn.begin(tenant, reply);
  }

  @AdvisesIfUnknown(SIGN_IN_AGAIN)
  @Get('callback')
  async finish(
    @CurrentTenant() tenant: Tenant,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 303: undefined }>> {
    const former_session = this.cookie.formerSession(request.headers);
    const signedIn = await this.signOn.finish(tenant, request, reply, { former_session });
    this.cookie.answer(signedIn, { cookie: true }, reply);
    void reply.redirect('/', 303);
  }
}

import {
  AdvisesIfUnknown,
  Refuses,
  SIGN_IN_AGAIN,
  type Sends,
  type SignOnClient,
  ApiTags,
} from '@atlas/platform';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { WithoutLogin } from '../access/requires';
import { SessionCookie } from '../access/session-cookie';
import { CurrentTenant } from '../access/tenant-request';
import { type Tenant } from '../tenancy/tenant.entity';
import { IdentityProviders } from './identity-providers';
import { TenantSignOn } from './tenant-sign-on';
import { UserSignOn } from './user-sign-on';

/** For browsers: they arrive by a link at the tenant's address, and leave with a cookie. */
@ApiTags('accounts')
@WithoutLogin()
@Refuses('conflict')
@Controller('auth/oidc')
export class UserSignOnController {
  constructor(
    private readonly providers: IdentityProviders,
    private readonly way: TenantSignOn,
    private readonly signOn: UserSignOn,
    private readonly cookie: SessionCookie,
  ) {}

  @Get('start')
  async begin(
    @CurrentTenant() tenant: Tenant,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 303: undefined }>> {
    await this.way.begin(await this.providers.clientOf(tenant), tenant, reply);
  }

  @AdvisesIfUnknown(SIGN_IN_AGAIN)
  @Get('callback')
  async finish(
    @CurrentTenant() tenant: Tenant,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<Sends<{ 303: undefined }>> {
    const former_session = this.cookie.formerSession(request.headers);
    const prove = (client: SignOnClient) => this.way.finish(client, tenant, request, reply);
    const signedIn = await this.signOn.signIn(tenant, prove, { former_session });
    this.cookie.answer(signedIn, { cookie: true }, reply);
    void reply.redirect('/', 303);
  }
}

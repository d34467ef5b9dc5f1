import {
  AdvisesIfUnknown,
  Refuses,
  SIGN_IN_AGAIN,
  type Sent,
  type SignOnClient,
  ApiTags,
  redirect,
  servesOf,
} from '@atlas/platform';
import { type AccountsApi } from '@atlas/tenant-api/accounts';
import { Controller, HttpCode, Req, Res } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { WithoutLogin } from '../access/requires';
import { SessionCookie } from '../access/session-cookie';
import { CurrentTenant } from '../access/tenant-request';
import { type Tenant } from '../tenancy/tenant.entity';
import { IdentityProviders } from './identity-providers';
import { TenantSignOn } from './tenant-sign-on';
import { UserSignOn } from './user-sign-on';

const Serves = servesOf<AccountsApi>();

/** Routes for browsers, which follow a link at the tenant's address and get a session cookie. */
@ApiTags('accounts')
@WithoutLogin()
@Refuses('conflict')
@Controller()
export class UserSignOnController {
  constructor(
    private readonly providers: IdentityProviders,
    private readonly way: TenantSignOn,
    private readonly signOn: UserSignOn,
    private readonly cookie: SessionCookie,
  ) {}

  @Serves('GET /api/auth/oidc/start')
  @HttpCode(303)
  async begin(@CurrentTenant() tenant: Tenant, @Res() reply: FastifyReply): Promise<Sent<undefined>> {
    return this.way.begin(await this.providers.clientOf(tenant), tenant, reply);
  }

  @AdvisesIfUnknown(SIGN_IN_AGAIN)
  @Serves('GET /api/auth/oidc/callback')
  @HttpCode(303)
  async finish(
    @CurrentTenant() tenant: Tenant,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<Sent<undefined>> {
    const former_session = this.cookie.formerSession(request.headers);
    const prove = (client: SignOnClient) => this.way.finish(client, tenant, request, reply);
    const signedIn = await this.signOn.signIn(tenant, prove, { former_session });
    this.cookie.answer(signedIn, { cookie: true }, reply);
    return redirect(reply, '/');
  }
}

import { type IncomingHttpHeaders } from 'node:http';
import { Repeatable } from '@atlas/persistence';
import {
  AdvisesIfUnknown,
  Refuses,
  ApiBearerAuth,
  ApiTags,
  type FromCookies,
  Public,
  SIGN_IN_AGAIN,
  type SignInAnswer,
  TRY_THE_PASSWORD,
  servesOf,
} from '@atlas/platform';
import {
  type AccountsApi,
  type SignedIn,
  SignupExchangeDto,
  TokenDto,
  RefreshDto,
  RegisterDto,
  type Invitation,
  type UserView,
} from '@atlas/tenant-api/accounts';
import { InviteDto } from '@atlas/tenant-api/users';
import { Body, Controller, Headers, HttpCode, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { AnyUser, Requires, WithoutLogin } from '../access/requires';
import { SessionCookie } from '../access/session-cookie';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { claimedTenant } from '../credentials/tenant-token';
import { userView } from '../credentials/sessions';
import { WRITE_USERS } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { TenantResolution } from '../tenancy/tenant-resolution';
import { requireActive } from '../tenancy/tenant-standing';
import { type Tenant } from '../tenancy/tenant.entity';
import { Accounts } from './accounts';
import { Invitations } from './invitations';
import { SignupTokens } from './signup-tokens';

const Serves = servesOf<AccountsApi>();

/** Repeating a refresh that took effect revokes the session, because the same token is then used twice. */
const LOOK_BEFORE_REFRESHING =
  'Send GET /api/auth/me with your current session token. If it is accepted, the refresh did not take ' +
  'effect: repeat it. If not, sign in again and do not repeat the refresh, because a refresh token that ' +
  'is used twice is treated as stolen.';

@ApiTags('accounts')
@ApiBearerAuth()
@Controller()
export class AccountsController {
  constructor(
    private readonly accounts: Accounts,
    private readonly invitations: Invitations,
    private readonly signupTokens: SignupTokens,
    private readonly resolution: TenantResolution,
    private readonly cookie: SessionCookie,
  ) {}

  /** The token names the tenant. If the host or the header also names a tenant, it must be the same one. */
  @Public()
  @AdvisesIfUnknown(TRY_THE_PASSWORD)
  @Serves('POST /api/auth/signup-exchange')
  @Refuses('conflict', 'gone', 'too_many')
  async exchangeSignup(
    @Headers() headers: IncomingHttpHeaders,
    @Body() body: SignupExchangeDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignInAnswer<SignedIn>> {
    const dto = this.cookie.withCookies(body, headers);
    const invited = claimedTenant('invite', dto.token);
    const signedIn = invited
      ? await this.invitations.accept(await this.tenantOf(headers, invited), dto)
      : await this.exchangeFirst(headers, dto);
    return this.cookie.answer(signedIn, dto, reply);
  }

  @Requires(WRITE_USERS)
  @Repeatable({ showsSecret: true })
  @Serves('POST /api/auth/invite')
  @Refuses('conflict', 'too_many')
  invite(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() by: SignedInUser,
    @Body() dto: InviteDto,
  ): Promise<Invitation> {
    return this.invitations.invite(tenant, by, dto);
  }

  @WithoutLogin()
  @AdvisesIfUnknown(SIGN_IN_AGAIN)
  @Serves('POST /api/auth/token')
  @Refuses('too_many')
  @HttpCode(200)
  async login(
    @CurrentTenant() tenant: Tenant,
    @Headers() headers: IncomingHttpHeaders,
    @Body() dto: TokenDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignInAnswer<SignedIn>> {
    const signedIn = await this.accounts.login(tenant, this.cookie.withCookies(dto, headers));
    return this.cookie.answer(signedIn, dto, reply);
  }

  @WithoutLogin()
  @AdvisesIfUnknown(LOOK_BEFORE_REFRESHING)
  @Serves('POST /api/auth/refresh')
  @HttpCode(200)
  refresh(@CurrentTenant() tenant: Tenant, @Body() dto: RefreshDto): Promise<SignedIn> {
    return this.accounts.refresh(tenant, dto);
  }

  @WithoutLogin()
  @AdvisesIfUnknown(TRY_THE_PASSWORD)
  @Serves('POST /api/auth/register')
  @Refuses('conflict', 'too_many')
  async register(
    @CurrentTenant() tenant: Tenant,
    @Headers() headers: IncomingHttpHeaders,
    @Body() dto: RegisterDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignInAnswer<SignedIn>> {
    const signedIn = await this.accounts.register(tenant, this.cookie.withCookies(dto, headers));
    return this.cookie.answer(signedIn, dto, reply);
  }

  @AnyUser()
  @Serves('POST /api/auth/logout')
  @HttpCode(204)
  async logout(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.accounts.logout(tenant, user);
    this.cookie.clear(reply);
  }

  @AnyUser()
  @Serves('GET /api/auth/me')
  me(@CurrentUser() user: SignedInUser): { user: UserView } {
    return { user: userView(user) };
  }

  private async exchangeFirst(
    headers: IncomingHttpHeaders,
    dto: SignupExchangeDto & FromCookies,
  ): Promise<SignedIn> {
    const token = await this.signupTokens.verify(dto.token);
    return this.accounts.exchangeSignup(await this.tenantOf(headers, token.sub), token, dto);
  }

  private async tenantOf(headers: IncomingHttpHeaders, claim: string): Promise<Tenant> {
    const { host, 'x-tenant-id': header } = headers;
    const tenant = await this.resolution.resolve({ host, header: header?.toString(), claim });
    requireActive(tenant);
    return tenant;
  }
}

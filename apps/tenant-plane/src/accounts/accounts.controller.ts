import { ApiBearerAuth, ApiTags, Public } from '@atlas/platform';
import { Body, Controller, Get, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { CurrentTenant, CurrentUser, type SignedInUser } from '../tenancy/request-tenant';
import { TenantResolution } from '../tenancy/tenant-resolution';
import { type Tenant } from '../tenancy/tenant.entity';
import { AnyUser, WithoutLogin, requireActive } from '../tenancy/tenant.guard';
import { RefreshDto, RegisterDto, SignupExchangeDto, TokenDto } from './accounts.dto';
import { Accounts } from './accounts.service';
import { SessionCookie } from './session-cookie';
import { type SignedIn, type UserView, userView } from './sessions';
import { SignupTokens } from './signup-tokens';

/** Without the tokens where the session is set as a cookie. */
type SignInAnswer = Pick<SignedIn, 'expires_at' | 'user'> & Partial<SignedIn>;

@ApiTags('accounts')
@ApiBearerAuth()
@Controller('auth')
export class AccountsController {
  constructor(
    private readonly accounts: Accounts,
    private readonly signupTokens: SignupTokens,
    private readonly resolution: TenantResolution,
    private readonly cookie: SessionCookie,
  ) {}

  /** The token itself names the tenant; host and header, where given, have to agree with it. */
  @Public()
  @Post('signup-exchange')
  async exchangeSignup(
    @Headers('host') host: string | undefined,
    @Headers('x-tenant-id') header: string | undefined,
    @Body() dto: SignupExchangeDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignInAnswer> {
    const claims = await this.signupTokens.verify(dto.token);
    const tenant = await this.resolution.resolve({ host, header, claim: claims.sub });
    requireActive(tenant);
    return this.answer(await this.accounts.exchangeSignup(tenant, claims, dto), dto, reply);
  }

  @WithoutLogin()
  @Post('token')
  @HttpCode(200)
  async login(
    @CurrentTenant() tenant: Tenant,
    @Body() dto: TokenDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignInAnswer> {
    return this.answer(await this.accounts.login(tenant, dto.email, dto.password), dto, reply);
  }

  @WithoutLogin()
  @Post('refresh')
  @HttpCode(200)
  refresh(@CurrentTenant() tenant: Tenant, @Body() dto: RefreshDto): Promise<SignedIn> {
    return this.accounts.refresh(tenant, dto);
  }

  @WithoutLogin()
  @Post('register')
  async register(
    @CurrentTenant() tenant: Tenant,
    @Body() dto: RegisterDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignInAnswer> {
    return this.answer(await this.accounts.register(tenant, dto), dto, reply);
  }

  @AnyUser()
  @Post('logout')
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
  @Get('me')
  me(@CurrentUser() user: SignedInUser): { user: UserView } {
    return { user: userView(user) };
  }

  private answer(
    signedIn: SignedIn,
    { cookie }: { readonly cookie: boolean },
    reply: FastifyReply,
  ): SignInAnswer {
    return cookie ? this.cookie.handOver(signedIn, reply) : signedIn;
  }
}

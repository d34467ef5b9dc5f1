import { ApiBearerAuth, ApiTags, Public } from '@atlas/platform';
import { Body, Controller, Get, Headers, HttpCode, Post } from '@nestjs/common';
import { CurrentTenant, CurrentUser, type SignedInUser } from '../tenancy/request-tenant';
import { TenantResolution } from '../tenancy/tenant-resolution';
import { type Tenant } from '../tenancy/tenant.entity';
import { AnyUser, WithoutLogin, requireActive } from '../tenancy/tenant.guard';
import { RefreshDto, RegisterDto, SignupExchangeDto, TokenDto } from './accounts.dto';
import { Accounts } from './accounts.service';
import { type SignedIn, type UserView, userView } from './sessions';
import { SignupTokens } from './signup-tokens';

@ApiTags('accounts')
@ApiBearerAuth()
@Controller('auth')
export class AccountsController {
  constructor(
    private readonly accounts: Accounts,
    private readonly signupTokens: SignupTokens,
    private readonly resolution: TenantResolution,
  ) {}

  /** The token itself names the tenant; host and header, where given, have to agree with it. */
  @Public()
  @Post('signup-exchange')
  async exchangeSignup(
    @Headers('host') host: string | undefined,
    @Headers('x-tenant-id') header: string | undefined,
    @Body() dto: SignupExchangeDto,
  ): Promise<SignedIn> {
    const claims = await this.signupTokens.verify(dto.token);
    const tenant = await this.resolution.resolve({ host, header, claim: claims.sub });
    requireActive(tenant);
    return this.accounts.exchangeSignup(tenant, claims, dto);
  }

  @WithoutLogin()
  @Post('token')
  @HttpCode(200)
  login(@CurrentTenant() tenant: Tenant, @Body() dto: TokenDto): Promise<SignedIn> {
    return this.accounts.login(tenant, dto.email, dto.password);
  }

  @WithoutLogin()
  @Post('refresh')
  @HttpCode(200)
  refresh(@CurrentTenant() tenant: Tenant, @Body() dto: RefreshDto): Promise<SignedIn> {
    return this.accounts.refresh(tenant, dto);
  }

  @WithoutLogin()
  @Post('register')
  register(@CurrentTenant() tenant: Tenant, @Body() dto: RegisterDto): Promise<SignedIn> {
    return this.accounts.register(tenant, dto);
  }

  @AnyUser()
  @Post('logout')
  @HttpCode(204)
  logout(@CurrentTenant() tenant: Tenant, @CurrentUser() user: SignedInUser): Promise<void> {
    return this.accounts.logout(tenant, user);
  }

  @AnyUser()
  @Get('me')
  me(@CurrentUser() user: SignedInUser): { user: UserView } {
    return { user: userView(user) };
  }
}

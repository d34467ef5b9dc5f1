import { type IncomingHttpHeaders } from 'node:http';
import {
  AdvisesIfUnknown,
  Refuses,
  ApiBearerAuth,
  ApiTags,
  type SignInAnswer,
  TRY_THE_PASSWORD,
  WAIT_FOR_THE_MAIL,
  servesOf,
} from '@atlas/platform';
import {
  type AccountsApi,
  ResetPasswordDto,
  ChangePasswordDto,
  type SignedIn,
  ForgotPasswordDto,
} from '@atlas/tenant-api/accounts';
import { Body, Controller, Headers, HttpCode, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { AnyUser, WithoutLogin } from '../access/requires';
import { SessionCookie } from '../access/session-cookie';
import { CurrentTenant, CurrentUser } from '../access/tenant-request';
import { type SignedInUser } from '../credentials/signed-in-user';
import { type Tenant } from '../tenancy/tenant.entity';
import { Passwords } from './passwords';

const Serves = servesOf<AccountsApi>();

@ApiTags('accounts')
@ApiBearerAuth()
@Controller()
export class PasswordsController {
  constructor(
    private readonly passwords: Passwords,
    private readonly cookie: SessionCookie,
  ) {}

  @WithoutLogin()
  @AdvisesIfUnknown(WAIT_FOR_THE_MAIL)
  @Serves('POST /api/auth/forgot-password')
  @Refuses('too_many')
  @HttpCode(202)
  async forgot(
    @CurrentTenant() tenant: Tenant,
    @Body() dto: ForgotPasswordDto,
  ): Promise<Record<string, never>> {
    await this.passwords.forgot(tenant, dto);
    return {};
  }

  @WithoutLogin()
  @AdvisesIfUnknown(TRY_THE_PASSWORD)
  @Serves('POST /api/auth/reset-password')
  @Refuses('gone', 'too_many')
  @HttpCode(200)
  async reset(
    @CurrentTenant() tenant: Tenant,
    @Headers() headers: IncomingHttpHeaders,
    @Body() dto: ResetPasswordDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignInAnswer<SignedIn>> {
    const signedIn = await this.passwords.reset(tenant, this.cookie.withCookies(dto, headers));
    return this.cookie.answer(signedIn, dto, reply);
  }

  @AnyUser()
  @AdvisesIfUnknown(TRY_THE_PASSWORD)
  @Serves('POST /api/auth/password')
  @Refuses('too_many', 'unprocessable')
  @HttpCode(204)
  async change(
    @CurrentTenant() tenant: Tenant,
    @CurrentUser() user: SignedInUser,
    @Body() dto: ChangePasswordDto,
  ): Promise<void> {
    await this.passwords.change(tenant, user, dto);
  }
}

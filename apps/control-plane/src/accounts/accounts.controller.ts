import {
  LoginDto,
  ChangePasswordDto,
  ResetPasswordDto,
  type SignedIn,
  type OperatorView,
  type SessionView,
} from '@atlas/operator-api';
import {
  AdvisesIfUnknown,
  Refuses,
  ApiBearerAuth,
  ApiTags,
  Public,
  SIGN_IN_AGAIN,
  type SignInAnswer,
  TRY_THE_PASSWORD,
} from '@atlas/platform';
import { Body, Controller, HttpCode, Param, Req, Res } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { AnyOperator, OperatorInPerson } from '../access/access.decorators';
import { CurrentOperator, type OperatorCaller } from '../access/caller';
import { Serves } from '../access/serves';
import { OperatorPasswords } from './operator-passwords';
import { OperatorSessions } from './operator-sessions';
import { Operators } from './operators';
import { SessionCookie } from './session-cookie';

/** Lets operators sign in and out, and manage their own accounts. */
@ApiTags('accounts')
@ApiBearerAuth()
@Controller()
export class AccountsController {
  constructor(
    private readonly operators: Operators,
    private readonly passwords: OperatorPasswords,
    private readonly sessions: OperatorSessions,
    private readonly cookie: SessionCookie,
  ) {}

  @Public()
  @AdvisesIfUnknown(SIGN_IN_AGAIN)
  @Serves('POST /api/auth/login')
  @Refuses('too_many')
  @HttpCode(200)
  async login(
    @Body() dto: LoginDto,
    @Req() { headers }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignInAnswer<SignedIn>> {
    const signedIn = await this.passwords.signIn(this.cookie.withCookies(dto, headers));
    return this.cookie.answer(signedIn, dto, reply);
  }

  @OperatorInPerson()
  @Serves('POST /api/auth/logout')
  @HttpCode(204)
  async logout(
    @CurrentOperator() caller: OperatorCaller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.sessions.signOut(caller);
    this.cookie.clear(reply);
  }

  @AnyOperator()
  @Serves('GET /api/auth/me')
  me(@CurrentOperator() caller: OperatorCaller): Promise<OperatorView> {
    return this.operators.me(caller);
  }

  @OperatorInPerson()
  @AdvisesIfUnknown(TRY_THE_PASSWORD)
  @Serves('POST /api/auth/password')
  @Refuses('unprocessable', 'too_many')
  @HttpCode(204)
  changePassword(@CurrentOperator() caller: OperatorCaller, @Body() dto: ChangePasswordDto): Promise<void> {
    return this.passwords.change(caller, dto);
  }

  @Public()
  @AdvisesIfUnknown(TRY_THE_PASSWORD)
  @Serves('POST /api/auth/reset-password')
  @Refuses('gone', 'too_many')
  @HttpCode(200)
  async resetPassword(
    @Body() dto: ResetPasswordDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ device_token: string }> {
    const answer = await this.passwords.reset(dto);
    this.cookie.keepDevice(answer.device_token, reply);
    return answer;
  }

  @OperatorInPerson()
  @Serves('GET /api/auth/sessions')
  listSessions(@CurrentOperator() caller: OperatorCaller): Promise<{ items: SessionView[] }> {
    return this.sessions.list(caller);
  }

  @OperatorInPerson()
  @Serves('DELETE /api/auth/sessions/:id')
  @HttpCode(204)
  endSession(@CurrentOperator() caller: OperatorCaller, @Param('id') id: string): Promise<void> {
    return this.sessions.end(caller, id);
  }
}

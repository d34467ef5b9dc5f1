import {
  SignupDto,
  VerifySignupDto,
  type SignInOptions,
  type SignupView,
  type WelcomeLink,
} from '@atlas/operator-api';
import { AdvisesIfUnknown, Refuses, ApiTags, Public, UuidPipe, WAIT_FOR_THE_MAIL } from '@atlas/platform';
import { Body, Controller, HttpCode, Param, Req, Res } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Serves } from '../access/serves';
import { SignupCookie } from './signup-cookie';
import { Signups } from './signups';
import { WelcomeLinks } from './welcome-links';

@ApiTags('sign-up')
@Public()
@Refuses('forbidden', 'conflict', 'gone', 'too_many')
@Controller()
export class SignupController {
  constructor(
    private readonly signups: Signups,
    private readonly welcomeLinks: WelcomeLinks,
    private readonly cookie: SignupCookie,
  ) {}

  @Serves('GET /api/sign-in-options')
  options(): SignInOptions {
    return this.signups.options();
  }

  @AdvisesIfUnknown(WAIT_FOR_THE_MAIL)
  @Serves('POST /api/signup')
  @HttpCode(202)
  request(@Body() dto: SignupDto): Promise<SignupView> {
    return this.signups.request(dto);
  }

  @Serves('POST /api/signup/verify')
  @HttpCode(202)
  async verify(
    @Body() dto: VerifySignupDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SignupView> {
    const { view, browserSecret } = await this.signups.verify(dto);
    if (browserSecret) this.cookie.give(reply, browserSecret.reveal());
    return view;
  }

  @Serves('GET /api/signup/:id')
  get(@Param('id', UuidPipe) id: string): Promise<SignupView> {
    return this.signups.get(id);
  }

  @AdvisesIfUnknown(WAIT_FOR_THE_MAIL)
  @Serves('POST /api/signup/:id/welcome-link')
  createWelcomeLink(@Param('id', UuidPipe) id: string, @Req() request: FastifyRequest): Promise<WelcomeLink> {
    return this.welcomeLinks.create(id, this.cookie.secretIn(request));
  }
}

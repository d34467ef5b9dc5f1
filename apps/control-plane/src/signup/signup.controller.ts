import { SignupDto, VerifySignupDto, type SignupView } from '@atlas/operator-api';
import { AdvisesIfUnknown, Refuses, ApiTags, Public, UuidPipe, WAIT_FOR_THE_MAIL } from '@atlas/platform';
import { Body, Controller, HttpCode, Param } from '@nestjs/common';
import { Serves } from '../access/serves';
import { Signups } from './signups';

@ApiTags('sign-up')
@Public()
@Refuses('forbidden', 'conflict', 'gone', 'too_many')
@Controller()
export class SignupController {
  constructor(private readonly signups: Signups) {}

  @AdvisesIfUnknown(WAIT_FOR_THE_MAIL)
  @Serves('POST /api/signup')
  @HttpCode(202)
  request(@Body() dto: SignupDto): Promise<SignupView> {
    return this.signups.request(dto);
  }

  @Serves('POST /api/signup/verify')
  @HttpCode(202)
  verify(@Body() dto: VerifySignupDto): Promise<SignupView> {
    return this.signups.verify(dto);
  }

  @Serves('GET /api/signup/:id')
  get(@Param('id', UuidPipe) id: string): Promise<SignupView> {
    return this.signups.get(id);
  }
}

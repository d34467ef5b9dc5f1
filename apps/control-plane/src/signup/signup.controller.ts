import { AdvisesIfUnknown, Refuses, ApiTags, Public, UuidPipe, WAIT_FOR_THE_MAIL } from '@atlas/platform';
import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { SignupDto, VerifySignupDto } from './signup.dto';
import { type SignupView } from './signup.view';
import { Signups } from './signups';

@ApiTags('sign-up')
@Public()
@Refuses('forbidden', 'conflict', 'gone', 'too_many')
@Controller('signup')
export class SignupController {
  constructor(private readonly signups: Signups) {}

  @AdvisesIfUnknown(WAIT_FOR_THE_MAIL)
  @Post()
  @HttpCode(202)
  request(@Body() dto: SignupDto): Promise<SignupView> {
    return this.signups.request(dto);
  }

  @Post('verify')
  @HttpCode(202)
  verify(@Body() dto: VerifySignupDto): Promise<SignupView> {
    return this.signups.verify(dto);
  }

  @Get(':id')
  get(@Param('id', UuidPipe) id: string): Promise<SignupView> {
    return this.signups.get(id);
  }
}

import { Module } from '@nestjs/common';
import { VerifySignupMail } from './verify-signup.mail';

/** Apart from the sign-up itself, which sends mails through the module that asks for this one. */
@Module({ providers: [VerifySignupMail], exports: [VerifySignupMail] })
export class SignupMailsModule {}

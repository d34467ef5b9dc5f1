import { Module } from '@nestjs/common';
import { VerifySignupMail } from './verify-signup.mail';

/** A separate module, because SignupModule imports the mail module, and the mail module needs this one. */
@Module({ providers: [VerifySignupMail], exports: [VerifySignupMail] })
export class SignupMailsModule {}

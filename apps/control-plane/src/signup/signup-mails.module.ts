import { Module } from '@nestjs/common';
import { VerifySignupMail } from './verify-signup.mail';

/** Separate from SignupModule, which imports the mail module that needs this one. */
@Module({ providers: [VerifySignupMail], exports: [VerifySignupMail] })
export class SignupMailsModule {}

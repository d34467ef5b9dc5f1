import { IsIn, IsNotEmpty, IsOptional, ValidateIf } from 'class-validator';
import { originsIn, originsProblem } from '../http/cross-origin';
import { NoDefaultInProduction, passwordInUrl } from '../secrets/default-secret';
import { Checked, IsLongSecret, IsSecret } from './environment';
import { type MailOptions, mailAddressProblem, smtpUrlProblem } from '../mail';
import { type Secret } from '../secrets/secret';
import { proxiesIn, proxiesProblem } from '../http/trusted-proxies';
import { type WebOptions } from '../http/web-security';

/** The variables that every plane reads. */
export class PlaneConfig {
  @IsOptional()
  @IsIn(['production', 'development', 'test'])
  NODE_ENV: string = 'development';

  /** The address to listen on. */
  @IsNotEmpty()
  HOST: string = '127.0.0.1';

  @ValidateIf(({ isProduction, METRICS_TOKEN }: PlaneConfig) => isProduction || METRICS_TOKEN !== undefined)
  @IsLongSecret(16, ' (required in production)')
  @NoDefaultInProduction()
  METRICS_TOKEN?: Secret;

  /** Comma-separated origins whose pages may call the API. Unset: only the plane's own origin. */
  @IsOptional()
  @Checked('origins', originsProblem)
  CORS_ALLOWED_ORIGINS?: string;

  /** Comma-separated reverse proxies whose `x-forwarded-for` is trusted. Unset: none. */
  @IsOptional()
  @Checked('proxies', proxiesProblem)
  TRUSTED_PROXIES?: string;

  /** The SMTP server for outgoing mail. Unset: no mail is sent. */
  @IsOptional()
  @IsSecret()
  @Checked('smtpUrl', smtpUrlProblem)
  @NoDefaultInProduction(passwordInUrl)
  SMTP_URL?: Secret;

  @ValidateIf(({ SMTP_URL, MAIL_FROM }: PlaneConfig) => SMTP_URL !== undefined || MAIL_FROM !== undefined)
  @Checked('mailAddress', mailAddressProblem)
  MAIL_FROM?: string;

  @IsIn(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
  LOG_LEVEL: string = 'info';

  get isProduction(): boolean {
    return this.NODE_ENV === 'production';
  }

  get web(): WebOptions {
    return {
      isProduction: this.isProduction,
      allowedOrigins: originsIn(this.CORS_ALLOWED_ORIGINS),
      trustedProxies: proxiesIn(this.TRUSTED_PROXIES),
    };
  }

  get mail(): MailOptions {
    return { smtpUrl: this.SMTP_URL, from: this.MAIL_FROM, isProduction: this.isProduction };
  }
}

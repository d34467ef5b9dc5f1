export { type Letter } from './letter';
export { type MailOptions, isPlainAddress, mailAddressProblem, smtpUrlProblem } from './mail-options';
export { MAIL_TIMEOUT_MS, Mailer } from './mailer';

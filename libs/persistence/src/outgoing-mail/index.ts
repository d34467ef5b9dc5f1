export * from './mail-kind';
export { type MailScope } from './mail-queue';
export * from './outgoing-mail';
export * from './outgoing-mails';
export * from './retry-pace';
export * from './schema';

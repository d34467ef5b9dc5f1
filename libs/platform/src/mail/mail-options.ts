import { isLoopbackUrl } from '../http/loopback';
import { type Secret } from '../secrets/secret';

/** How a plane sends mail. Without a URL, it sends none. */
export interface MailOptions {
  /** `smtp://user:password@host:port`, or `smtps://` for TLS from the first byte. */
  readonly smtpUrl: Secret | undefined;
  /** `address` or `Name <address>`. */
  readonly from: string | undefined;
  readonly isProduction: boolean;
}

export interface MailAddress {
  readonly name: string;
  readonly address: string;
}

/** What is wrong with an SMTP server's URL, or null. */
export function smtpUrlProblem(value: string): string | null {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isServer = url && /^smtps?:$/.test(url.protocol) && url.hostname !== '';
  if (!isServer || !['', '/'].includes(url.pathname) || url.search || url.hash)
    return 'must be smtp://user:password@host:port, or the same with smtps://';
  return null;
}

/** `Name <address>` or an address alone; null for anything else. */
export function parseMailAddress(text: string): MailAddress | null {
  const { name, address = text } = /^(?<name>[^<>"\p{Cc}]+) <(?<address>[^<>]+)>$/u.exec(text)?.groups ?? {};
  return isPlainAddress(address) ? { name: name ?? '', address } : null;
}

export function mailAddressProblem(value: string): string | null {
  return parseMailAddress(value) ? null : 'must be an email address, or a name followed by an <address>';
}

/**
 * Whether the text is a single mailbox without characters that have a meaning in an SMTP command or a header.
 */
export function isPlainAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s\p{Cc}<>()[\]\\,;:"@]+@[^\s\p{Cc}<>()[\]\\,;:"@]+$/u.test(text);
}

/** In production, unencrypted mail must not leave this machine. */
export function isTlsRequired({ smtpUrl, isProduction }: MailOptions): boolean {
  return isProduction && smtpUrl !== undefined && !isLoopbackUrl(smtpUrl.reveal());
}

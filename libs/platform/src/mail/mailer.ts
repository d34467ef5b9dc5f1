import { Inject, Injectable } from '@nestjs/common';
import { type Letter, writeLetter } from './letter';
import { type MailOptions, isPlainAddress, isTlsRequired, parseMailAddress } from './mail-options';

export const MAIL_OPTIONS = Symbol('MAIL_OPTIONS');

const CONNECT_MS = 10_000;
const SILENCE_MS = 20_000;
/** Long enough for a server that is slow to respond to each command. The connection is closed afterwards. */
export const MAIL_TIMEOUT_MS = 180_000;

/**
 * The mail server did not accept an email. Reports only the code of the server's response, because the text
 * of the response may repeat what was sent.
 */
class MailFailure extends Error {
  constructor(error: unknown) {
    const { code, responseCode } = error as { code?: string; responseCode?: number };
    super(
      'The mail server did not accept the email: ' +
        `${[code, responseCode].filter(Boolean).join(' ') || 'unknown'}`,
    );
    this.name = 'MailFailure';
  }
}

/** Sends emails over SMTP, each to one recipient. */
@Injectable()
export class Mailer {
  constructor(@Inject(MAIL_OPTIONS) private readonly options: MailOptions) {}

  /** The mail server, without its credentials; empty if this plane sends no mail. */
  get serverUrl(): string {
    const { smtpUrl } = this.options;
    if (smtpUrl === undefined) return '';
    const { protocol, host } = new URL(smtpUrl.reveal());
    return `${protocol}//${host}`;
  }

  /** Whether this plane sends mail at all. */
  get isOn(): boolean {
    return this.options.smtpUrl !== undefined;
  }

  /**
   * Resolves once the server has accepted the email. Once it has thrown {@link MailFailure}, nothing more is
   * sent. However, if only the server's response was late, the email may still be delivered. `onSending`,
   * which must not throw, is called once the server is ready to receive the email.
   */
  async send(recipient: string, letter: Letter, onSending?: () => void): Promise<void> {
    const { smtpUrl, from } = this.options;
    const sender = parseMailAddress(from ?? '');
    if (smtpUrl === undefined || !sender) throw new MailFailure({ code: 'MAIL_IS_OFF' });
    if (!isPlainAddress(recipient)) throw new MailFailure({ code: 'NO_ADDRESS' });
    const { createTransport } = await import('nodemailer');
    const logger = onSending && noticing(onSending);
    const transport = createTransport({
      ...this.server(new URL(smtpUrl.reveal())),
      ...(logger && { logger }),
    });
    const signal = AbortSignal.timeout(MAIL_TIMEOUT_MS);
    const sent = transport.sendMail({
      ...writeLetter(letter),
      from: { ...sender },
      to: { name: '', address: recipient },
      envelope: { from: sender.address, to: [recipient] },
      // Prevents automatic replies.
      headers: { 'auto-submitted': 'auto-generated' },
      signal,
    });
    await sent.catch((error: unknown) => {
      throw new MailFailure(signal.aborted ? { code: 'TOO_SLOW' } : error);
    });
  }

  private server({ protocol, hostname, port, username, password }: URL) {
    const user = decodeURIComponent(username);
    return {
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      ...(port && { port: Number(port) }),
      secure: protocol === 'smtps:',
      requireTLS: isTlsRequired(this.options),
      ...(user && { auth: { user, pass: decodeURIComponent(password) } }),
      connectionTimeout: CONNECT_MS,
      greetingTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      // Closes the socket at once. An orderly close would first send what is still pending, possibly the rest
      // of the email.
      socketCloseTimeout: 0,
      disableFileAccess: true,
      disableUrlAccess: true,
    };
  }
}

/**
 * A logger for nodemailer that writes nothing. Nodemailer says only in its log that it is connected and about
 * to send the email.
 */
function noticing(onSending: () => void) {
  const ignore = (): void => undefined;
  const info = (entry: unknown): void => {
    if ((entry as { tnx?: unknown }).tnx === 'send') onSending();
  };
  return { level: ignore, trace: ignore, debug: ignore, info, warn: ignore, error: ignore, fatal: ignore };
}

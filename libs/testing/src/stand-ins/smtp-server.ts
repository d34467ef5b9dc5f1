import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { type SMTPServer as Server, type SMTPServerOptions } from 'smtp-server';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The raw headers and body. */
  readonly raw: string;
  readonly wasEncrypted: boolean;
  /** The user that the sender authenticated as. */
  readonly user: string | undefined;
}

/** The first link in an email. */
export function linkIn({ text }: ReceivedMail): string {
  const link = /https?:\/\/\S+/.exec(text)?.[0];
  if (link === undefined) throw new Error(`No link in: ${text}`);
  return link;
}

/** A real SMTP server that keeps the emails it receives. It accepts any user and password. */
export class TestSmtpServer {
  readonly mails: ReceivedMail[] = [];
  /** While set, every email is refused with this text. */
  refusal: string | undefined;
  private server: Server;
  private port: number;
  private read = 0;
  private readonly waiting: (() => void)[] = [];

  static async start(options: SMTPServerOptions = {}): Promise<TestSmtpServer> {
    const { SMTPServer } = await import('smtp-server');
    const smtp = new TestSmtpServer();
    smtp.server = new SMTPServer({
      authOptional: true,
      // No client would trust the package's own certificate, so STARTTLS requires one from the test.
      disabledCommands: options.cert === undefined ? ['STARTTLS'] : [],
      logger: false,
      closeTimeout: 100,
      onAuth: ({ username }, _session, done) => done(null, { user: username }),
      onData: (stream, { envelope, secure, user }, done) => {
        void stream.toArray().then(async (chunks) => {
          if (smtp.refusal) return done(Object.assign(new Error(smtp.refusal), { responseCode: 451 }));
          const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
          const to = envelope.rcptTo.map(({ address }) => address);
          const mail = await parsed(Buffer.concat(chunks));
          smtp.mails.push({ ...mail, from, to, wasEncrypted: secure, user: user as string | undefined });
          smtp.waiting.splice(0).forEach((wake) => wake());
          done();
        }, done);
      },
      ...options,
    });
    const listening = smtp.server.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    // Emitted when a client disconnects midway.
    smtp.server.on('error', () => undefined);
    smtp.port = (listening.address() as AddressInfo).port;
    return smtp;
  }

  /** The value for SMTP_URL. */
  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  /** The variables that make a plane send email through this server. */
  get env(): { readonly SMTP_URL: string; readonly MAIL_FROM: string } {
    return { SMTP_URL: this.url, MAIL_FROM: 'Atlas <atlas@example.com>' };
  }

  /** Waits for the next unread email. */
  async next(): Promise<ReceivedMail> {
    for (;;) {
      const mail = this.mails[this.read];
      if (mail) {
        this.read += 1;
        return mail;
      }
      await new Promise<void>((wake) => this.waiting.push(wake));
    }
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => this.server.close(resolve));
  }
}

async function parsed(raw: Buffer): Promise<Pick<ReceivedMail, 'subject' | 'text' | 'html' | 'raw'>> {
  const { default: PostalMime } = await import('postal-mime');
  const { subject = '', text = '', html = '' } = await PostalMime.parse(raw);
  return { subject, text: text.trimEnd(), html, raw: raw.toString('utf8') };
}

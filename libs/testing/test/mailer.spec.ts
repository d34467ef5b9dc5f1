import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Mailer, Secret } from '@atlas/platform';
import { type SMTPServerOptions } from 'smtp-server';
import { HAS_OPENSSL, TestSmtpServer, createTestCertificate, linkIn } from '../src';

const LETTER = {
  subject: 'Come in\r\nBcc: everybody@example.com',
  paragraphs: ['Dear <b>Ann</b> & Co,', 'It works once.'],
  action: { label: 'Open it', url: `https://acme.example.com/invite#token=${'x'.repeat(90)}` },
};
const mailerFor = (smtpUrl: string | undefined, isProduction = false): Mailer =>
  new Mailer({
    smtpUrl: smtpUrl === undefined ? undefined : new Secret(smtpUrl),
    from: 'Atlas <atlas@example.com>',
    isProduction,
  });

describe('Mailer', () => {
  let smtp: TestSmtpServer;
  beforeAll(async () => void (smtp = await TestSmtpServer.start()));
  afterAll(() => smtp.stop());

  it('sends plain text and HTML to one recipient, and escapes the content', async () => {
    await mailerFor(smtp.url).send('ann@example.com', LETTER);
    const mail = await smtp.next();
    expect(mail).toMatchObject({ from: 'atlas@example.com', to: ['ann@example.com'] });
    expect(mail.subject).toBe('Come in Bcc: everybody@example.com');
    expect(mail.raw).not.toMatch(/^bcc:/im);
    expect(mail.raw).toMatch(/^auto-submitted: auto-generated/im);
    expect(linkIn(mail)).toBe(LETTER.action.url);
    expect(mail.html).toContain('Dear &lt;b&gt;Ann&lt;/b&gt; &amp; Co,');
    expect(mail.html).toContain(`<a href="${LETTER.action.url}">Open it</a>`);
  });

  it.each(['ann@example.com,bob@example.com', 'ann@example.com\r\nrcpt to:<bob@example.com>', 'ann'])(
    'sends nothing to %j',
    async (recipient) => {
      await expect(mailerFor(smtp.url).send(recipient, LETTER)).rejects.toThrow('NO_ADDRESS');
    },
  );

  it('is off if no server is configured', async () => {
    expect([mailerFor(undefined).isOn, mailerFor(smtp.url).isOn]).toEqual([false, true]);
    await expect(mailerFor(undefined).send('ann@example.com', LETTER)).rejects.toThrow('MAIL_IS_OFF');
  });

  it("reports only the server's code for a refusal, not its text", async () => {
    smtp.refusal = 'no room for ann@example.com';
    const refused = mailerFor(smtp.url.replace('//', '//ann:a-secret@')).send('ann@example.com', LETTER);
    await expect(refused).rejects.toThrow(/^The mail server did not accept the email: EMESSAGE 451$/);
    smtp.refusal = undefined;
  });

  it('fails if no server is listening', async () => {
    await expect(mailerFor('smtp://127.0.0.1:1').send('ann@example.com', LETTER)).rejects.toThrow(/ESOCKET$/);
  });

  it('disconnects from a server that is too slow, without sending the email', async () => {
    const timeout = new AbortController();
    jest.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(timeout.signal);
    const options: SMTPServerOptions = {};
    const asked = new Promise<() => void>((resolve) => {
      options.onRcptTo = (_address, _session, answer) => resolve(answer);
    });
    const hungUp = new Promise<void>((resolve) => (options.onClose = () => resolve()));
    const slow = await TestSmtpServer.start(options);
    const sent = mailerFor(slow.url).send('ann@example.com', LETTER);
    const answer = await asked;
    timeout.abort();
    await expect(sent).rejects.toThrow(/TOO_SLOW$/);
    answer();
    await hungUp;
    expect(slow.mails).toEqual([]);
    await slow.stop();
  });

  it('sends neither the password nor the link in production if the server has no TLS', async () => {
    const before = smtp.mails.length;
    // This address also reaches this machine, but does not count as loopback.
    const url = smtp.url.replace('127.0.0.1', 'u:p@0.0.0.0');
    await expect(mailerFor(url, true).send('ann@example.com', LETTER)).rejects.toThrow(/ETLS/);
    expect(smtp.mails).toHaveLength(before);
    await mailerFor(url, false).send('ann@example.com', LETTER);
    expect(await smtp.next()).toMatchObject({ wasEncrypted: false, user: 'u' });
  });

  (HAS_OPENSSL ? it : it.skip)('rejects an untrusted certificate', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'atlas-mail-'));
    const { cert, key } = createTestCertificate(folder);
    rmSync(folder, { recursive: true });
    const own = await TestSmtpServer.start({ cert, key });
    await expect(mailerFor(own.url, true).send('ann@example.com', LETTER)).rejects.toThrow(/ESOCKET|ETLS/);
    expect(own.mails).toEqual([]);
    await own.stop();
  });
});

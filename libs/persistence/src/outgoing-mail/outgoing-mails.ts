import { type Clock, type Mailer, databaseFailure, newTraceId, runInContext } from '@atlas/platform';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type EntityTarget } from 'typeorm';
import { type Database } from '../database/database';
import { type AddressedLetter, type MailKind } from './mail-kind';
import { MailQueue, type MailScope } from './mail-queue';
import { type MailSubject, type OutgoingMailRow } from './outgoing-mail';
import { MOST_ATTEMPTS, claimEnd, nextMailAttempt } from './retry-pace';

const LOOK_MS = 5000;
/**
 * How many queues to check for their oldest email. A sample is enough, because a mail server that is down
 * delays the emails of every tenant.
 */
const MOST_QUEUES = 20;
const LOOK_EVERYWHERE_MS = 600_000;

/**
 * Queues emails in the transaction that causes them. After the commit, any process may send them. If a
 * process crashes after sending an email but before removing it, a second copy is sent.
 */
export abstract class OutgoingMails<S extends MailScope>
  implements OnApplicationBootstrap, OnApplicationShutdown
{
  protected readonly logger = new Logger(OutgoingMails.name);
  /** Names of the queues to check for due emails. */
  private readonly noted = new Set<string>();
  /** Names of the queues that have not been found empty since they were noted. */
  private readonly unemptied = new Set<string>();
  private readonly timers: NodeJS.Timeout[] = [];
  private looking: Promise<void> = Promise.resolve();
  private sending: Promise<void> = Promise.resolve();
  private isClosing = false;

  protected constructor(
    private readonly entity: EntityTarget<OutgoingMailRow>,
    private readonly kinds: readonly MailKind<S>[],
    private readonly database: Database,
    protected readonly mailer: Mailer,
    protected readonly clock: Clock,
  ) {
    const names = kinds.map(({ name }) => name);
    if (new Set(names).size < names.length)
      throw new Error(`Two kinds of email have the same name: ${names.join(', ')}`);
  }

  /** The name of the queue that a transaction writes to. */
  protected abstract queueOf(scope: S): string;
  /** Yields every queue of this plane. */
  protected abstract queues(): AsyncIterable<string>;
  /**
   * Runs `work` in a transaction on one queue. Returns null without running it if this plane must not send
   * from that queue now.
   */
  protected abstract transaction<T>(queue: string, work: (scope: S) => Promise<T>): Promise<T | null>;
  /** Like {@link transaction}, but read-only. */
  protected abstract reading<T>(queue: string, work: (scope: S) => Promise<T>): Promise<T | null>;
  /** Records in the audit trail that an email was abandoned, in the transaction that removes it. */
  protected abstract recordGivenUp(scope: S, mail: OutgoingMailRow): Promise<void>;

  /** Sends an email of a queue. */
  protected send(_queue: string, letter: AddressedLetter): Promise<void> {
    return this.mailer.send(letter.to, letter);
  }

  /** Whether mail is enabled. Callers need not check this before calling {@link add}. */
  get isOn(): boolean {
    return this.mailer.isOn;
  }

  onApplicationBootstrap(): void {
    if (!this.isOn) return;
    this.timers.push(setInterval(() => void this.sendNoted(), LOOK_MS));
    this.timers.push(setInterval(() => this.lookEverywhere(), LOOK_EVERYWHERE_MS));
    this.lookEverywhere();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isClosing = true;
    this.timers.forEach(clearInterval);
    await this.looking;
    await this.sending;
  }

  /** Queues an email in the given transaction. Stores nothing if mail is disabled. */
  async add(scope: S, kind: string, subject: MailSubject): Promise<void> {
    if (!this.isOn) return;
    this.database.afterCommit(() => {
      this.note(this.queueOf(scope));
      void this.sendNoted();
    });
    await new MailQueue(this.entity, scope).add(kind, subject, this.clock.now());
  }

  /**
   * The time at which the oldest waiting email was queued, of the emails that this process knows of. Checks
   * only a limited number of queues.
   */
  async oldestWaiting(): Promise<Date | null> {
    const queues = [...this.unemptied].slice(0, MOST_QUEUES);
    const dates = await Promise.all(
      queues.map((queue) => this.reading(queue, (scope) => new MailQueue(this.entity, scope).oldest())),
    );
    return dates.reduce((oldest, date) => (oldest && (!date || oldest < date) ? oldest : date), null);
  }

  private note(queue: string): void {
    this.noted.add(queue);
    this.unemptied.add(queue);
  }

  /** Sends the due emails in the noted queues, once any earlier call has finished. */
  sendNoted(): Promise<void> {
    // Runs without an actor, even if a user's request triggered the email.
    this.sending = this.sending.then(() =>
      runInContext({ traceId: newTraceId() }, async () => {
        for (const queue of [...this.noted]) await this.sendDue(queue);
      }),
    );
    return this.sending;
  }

  /**
   * Finds emails that no process has noted, because the process that queued them died or they were moved here
   * with their tenant.
   */
  private lookEverywhere(): void {
    this.looking = this.looking.then(() => this.noteAll()).then(() => this.sendNoted());
  }

  private async noteAll(): Promise<void> {
    try {
      for await (const queue of this.queues()) {
        if (this.isClosing) return;
        if (await this.hasMails(queue)) this.note(queue);
      }
    } catch (error) {
      this.logger.warn(
        `Could not check for emails of earlier processes, will retry: ${(error as Error).message}`,
      );
    }
  }

  private async sendDue(queue: string): Promise<void> {
    // If an email is added after this point, the queue is noted again.
    this.noted.delete(queue);
    try {
      while (!this.isClosing && (await this.sendOne(queue)));
      if (await this.hasMails(queue)) this.note(queue);
      else this.unemptied.delete(queue);
    } catch (error) {
      this.noted.add(queue);
      this.logger.warn(`Could not send queued emails, will retry: ${(error as Error).message}`);
    }
  }

  private async sendOne(queue: string): Promise<boolean> {
    const now = this.clock.now();
    const mail = await this.inQueue(queue, (mails) =>
      mails.claim(now, (attempts) => claimEnd(attempts, now)),
    );
    if (!mail) return false;
    if (mail.attempts > MOST_ATTEMPTS) {
      await this.giveUp(queue, mail, 'it may have been sent each time, but could not be removed');
      return true;
    }
    const failure = await this.deliver(queue, mail).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    // A failure of the database is not the email's fault. The email is retried once its claim has expired.
    if (databaseFailure(failure)) throw failure as Error;
    if (failure) await this.putOff(queue, mail, failure);
    else await this.inQueue(queue, (mails) => mails.remove(mail));
    return true;
  }

  private async deliver(queue: string, mail: OutgoingMailRow): Promise<void> {
    const kind = this.kinds.find((one) => one.name === mail.kind);
    if (!kind) throw new Error(`There is no kind of email called ${mail.kind}.`);
    const letter = await this.transaction(queue, async (scope) => {
      const mails = new MailQueue(this.entity, scope);
      // Another process may have sent the email by now.
      if (!(await mails.hold(mail))) return null;
      const written = await kind.write(scope, mail.subject, mail.attempts);
      // Removed in the transaction in which `kind.write` may have made changes.
      if (!written) await mails.remove(mail);
      return written;
    });
    if (letter) await this.send(queue, letter);
  }

  private async putOff(queue: string, mail: OutgoingMailRow, { message }: Error): Promise<void> {
    const next = nextMailAttempt(mail, this.clock.now());
    if (!next) return this.giveUp(queue, mail, message);
    this.logger.warn({ msg: 'An email could not be sent, will retry', ...factsOf(mail, message), next });
    await this.inQueue(queue, (mails) => mails.postpone(mail, next));
  }

  private async giveUp(queue: string, mail: OutgoingMailRow, reason: string): Promise<void> {
    const isGivenUp = await this.transaction(queue, async (scope) => {
      // Another process may have claimed and sent the email in the meantime.
      if (!(await new MailQueue(this.entity, scope).remove(mail))) return false;
      await this.recordGivenUp(scope, mail);
      return true;
    });
    const msg = 'Gave up on an email, because attempts to send it have failed for a day or longer';
    if (isGivenUp) this.logger.error({ msg, ...factsOf(mail, reason) });
  }

  private async hasMails(queue: string): Promise<boolean> {
    const isEmpty = await this.reading(queue, (scope) => new MailQueue(this.entity, scope).isEmpty());
    return isEmpty === false;
  }

  private inQueue<T>(queue: string, work: (mails: MailQueue) => Promise<T>): Promise<T | null> {
    return this.transaction(queue, (scope) => work(new MailQueue(this.entity, scope)));
  }
}

function factsOf({ id, kind, attempts }: OutgoingMailRow, reason: string): Record<string, unknown> {
  return { mail: id, kind, attempts, reason };
}

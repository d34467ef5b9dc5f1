import { type Clock, type Mailer, databaseFailure, newTraceId, runInContext } from '@atlas/platform';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type EntityTarget } from 'typeorm';
import { type Database } from '../database/database';
import { type MailKind } from './mail-kind';
import { MailQueue, type MailScope } from './mail-queue';
import { type MailSubject, type OutgoingMailRow } from './outgoing-mail';
import { MOST_ATTEMPTS, claimEnd, nextMailAttempt } from './retry-pace';

const LOOK_MS = 5000;
/** A sample suffices: a mail server that is down holds up the mails of every tenant. */
const MOST_QUEUES = 20;
const LOOK_EVERYWHERE_MS = 600_000;

/**
 * Queues mails in the transaction that causes them, and sends them after it, from any process. A crash
 * between sending and removing a mail causes a second copy.
 */
export abstract class OutgoingMails<S extends MailScope>
  implements OnApplicationBootstrap, OnApplicationShutdown
{
  protected readonly logger = new Logger(OutgoingMails.name);
  /** Queues that may contain something. */
  private readonly noted = new Set<string>();
  /** Queues noted and not yet seen empty. */
  private readonly unemptied = new Set<string>();
  private readonly timers: NodeJS.Timeout[] = [];
  private looking: Promise<void> = Promise.resolve();
  private sending: Promise<void> = Promise.resolve();
  private isClosing = false;

  protected constructor(
    private readonly entity: EntityTarget<OutgoingMailRow>,
    private readonly kinds: readonly MailKind<S>[],
    private readonly database: Database,
    private readonly mailer: Mailer,
    protected readonly clock: Clock,
  ) {
    const names = kinds.map(({ name }) => name);
    if (new Set(names).size < names.length) throw new Error(`Duplicate kind of mail: ${names.join(', ')}`);
  }

  /** The name of the queue that a transaction writes to. */
  protected abstract queueOf(scope: S): string;
  /** Every queue of this plane, one after the other. */
  protected abstract queues(): AsyncIterable<string>;
  /**
   * A transaction on one queue; null, without running `work`, where this plane is not the one to send from it
   * now.
   */
  protected abstract transaction<T>(queue: string, work: (scope: S) => Promise<T>): Promise<T | null>;
  /** Like {@link transaction}, but read-only. */
  protected abstract reading<T>(queue: string, work: (scope: S) => Promise<T>): Promise<T | null>;
  /** Records it in the audit trail, in the transaction that removes the mail. */
  protected abstract recordGivenUp(scope: S, mail: OutgoingMailRow): Promise<void>;

  /** Whether mail is enabled. Callers need not check it before {@link add}. */
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

  /** Queues a mail in the given transaction. Stores nothing where mail is disabled. */
  async add(scope: S, kind: string, subject: MailSubject): Promise<void> {
    if (!this.isOn) return;
    this.database.afterCommit(() => {
      this.note(this.queueOf(scope));
      void this.sendNoted();
    });
    await new MailQueue(this.entity, scope).add(kind, subject, this.clock.now());
  }

  /**
   * When the oldest waiting mail known to this process was queued. Looks at only as many queues as is quick.
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

  /** Sends what is due in noted queues, after any sending in progress. */
  sendNoted(): Promise<void> {
    // Runs without an actor, whoever asked for the mail.
    this.sending = this.sending.then(() =>
      runInContext({ traceId: newTraceId() }, async () => {
        for (const queue of [...this.noted]) await this.sendDue(queue);
      }),
    );
    return this.sending;
  }

  /** Finds what no process has noted: mails queued by one that died, or moved here with their tenant. */
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
        `Could not look for mails of earlier processes, will retry: ${(error as Error).message}`,
      );
    }
  }

  private async sendDue(queue: string): Promise<void> {
    // Anything queued from here on is noted again.
    this.noted.delete(queue);
    try {
      while (!this.isClosing && (await this.sendOne(queue)));
      if (await this.hasMails(queue)) this.note(queue);
      else this.unemptied.delete(queue);
    } catch (error) {
      this.noted.add(queue);
      this.logger.warn(`Could not send queued mails, will retry: ${(error as Error).message}`);
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
    // A database failure says nothing about the mail: its claim expires, and it is retried.
    if (databaseFailure(failure)) throw failure as Error;
    if (failure) await this.putOff(queue, mail, failure);
    else await this.inQueue(queue, (mails) => mails.remove(mail));
    return true;
  }

  private async deliver(queue: string, mail: OutgoingMailRow): Promise<void> {
    const kind = this.kinds.find((one) => one.name === mail.kind);
    if (!kind) throw new Error(`There is no kind of mail called ${mail.kind}.`);
    const letter = await this.transaction(queue, async (scope) => {
      const mails = new MailQueue(this.entity, scope);
      // Another process may have sent it by now.
      if (!(await mails.hold(mail))) return null;
      const written = await kind.write(scope, mail.subject, mail.attempts);
      // Together with what the kind has recorded about it.
      if (!written) await mails.remove(mail);
      return written;
    });
    if (letter) await this.mailer.send(letter.to, letter);
  }

  private async putOff(queue: string, mail: OutgoingMailRow, { message }: Error): Promise<void> {
    const next = nextMailAttempt(mail, this.clock.now());
    if (!next) return this.giveUp(queue, mail, message);
    this.logger.warn({ msg: 'A mail could not be sent, will retry', ...factsOf(mail, message), next });
    await this.inQueue(queue, (mails) => mails.postpone(mail, next));
  }

  private async giveUp(queue: string, mail: OutgoingMailRow, reason: string): Promise<void> {
    const isGivenUp = await this.transaction(queue, async (scope) => {
      // Another process may have claimed and sent it since.
      if (!(await new MailQueue(this.entity, scope).remove(mail))) return false;
      await this.recordGivenUp(scope, mail);
      return true;
    });
    const msg = 'Gave up on a mail: its attempts have failed for a day or longer';
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

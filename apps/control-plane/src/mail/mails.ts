import { Database, MailKind, type MailScope, OutgoingMails, type OutgoingMailRow } from '@atlas/persistence';
import { Clock, Mailer } from '@atlas/platform';
import { Inject, Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { OutgoingMail } from './outgoing-mail.entity';

export const MAIL_KINDS = Symbol('MAIL_KINDS');
const QUEUE = 'control-plane';

@Injectable()
export class Mails extends OutgoingMails<MailScope> {
  constructor(
    @Inject(MAIL_KINDS) kinds: readonly MailKind[],
    private readonly plane: Database,
    mailer: Mailer,
    clock: Clock,
    private readonly audit: Audit,
  ) {
    super(OutgoingMail, kinds, plane, mailer, clock);
  }

  protected queueOf(): string {
    return QUEUE;
  }

  protected async *queues(): AsyncIterable<string> {
    yield QUEUE;
  }

  protected transaction<T>(_: string, work: (scope: MailScope) => Promise<T>): Promise<T> {
    return this.plane.write((manager) => work({ manager }));
  }

  protected reading<T>(_: string, work: (scope: MailScope) => Promise<T>): Promise<T> {
    return this.plane.read((manager) => work({ manager }));
  }

  protected recordGivenUp({ manager }: MailScope, { id, kind, attempts }: OutgoingMailRow): Promise<void> {
    const after = { kind, attempts };
    return this.audit.record(manager, { action: 'mail.given_up', targetKind: 'mail', targetId: id, after });
  }
}

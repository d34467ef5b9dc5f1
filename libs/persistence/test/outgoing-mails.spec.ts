import { Clock, Mailer, Secret } from '@atlas/platform';
import {
  EVERY_DATABASE,
  FixedClock,
  type TestDatabase,
  TestSmtpServer,
  createTestDatabase,
} from '@atlas/testing';
import { Client } from 'pg';
import { Entity, PrimaryColumn } from 'typeorm';
import {
  type AddressedLetter,
  Database,
  MailKind,
  type MailScope,
  type MailSubject,
  type MigrationContext,
  OutgoingMailRow,
  OutgoingMails,
  PortableMigration,
  createOutgoingMails,
  databaseTarget,
  migrateFirst,
  nextMailAttempt,
  openDatabase,
} from '../src';

@Entity('outgoing_mails')
class OutgoingMail extends OutgoingMailRow {
  @PrimaryColumn('uuid') id: string;
}

class CreateMails1700000000001 extends PortableMigration {
  protected apply({ sql, types }: MigrationContext): Promise<void> {
    return sql(...createOutgoingMails(types));
  }
  protected revert({ sql }: MigrationContext): Promise<void> {
    return sql('drop table outgoing_mails');
  }
}
const SCHEMA = { entities: [OutgoingMail], migrations: [CreateMails1700000000001] };

/** An email to the given address, or without a recipient if the address is nobody@example.com. */
class Greeting extends MailKind {
  readonly name = 'greeting';
  minted = 0;

  async write(_: MailScope, { to = '' }: MailSubject): Promise<AddressedLetter | null> {
    if (to === 'nobody@example.com') return null;
    this.minted += 1;
    return { to, subject: 'Hello', paragraphs: [`Your secret is number ${this.minted}.`] };
  }
}

class TestMails extends OutgoingMails<MailScope> {
  readonly givenUp: string[] = [];

  constructor(
    readonly kind: Greeting,
    readonly plane: Database,
    mailer: Mailer,
    clock: Clock,
  ) {
    super(OutgoingMail, [kind], plane, mailer, clock);
    this.logger.localInstance.setLogLevels?.([]);
  }
  greet(to: string): Promise<void> {
    return this.plane.write((manager) => this.add({ manager }, 'greeting', { to }));
  }
  protected queueOf(): string {
    return 'all';
  }
  protected async *queues(): AsyncIterable<string> {
    yield 'all';
  }
  protected transaction<T>(_: string, work: (scope: MailScope) => Promise<T>): Promise<T> {
    return this.plane.write((manager) => work({ manager }));
  }
  protected reading<T>(_: string, work: (scope: MailScope) => Promise<T>): Promise<T> {
    return this.plane.read((manager) => work({ manager }));
  }
  protected async recordGivenUp(_: MailScope, { id }: OutgoingMailRow): Promise<void> {
    this.givenUp.push(id);
  }
}

describe.each(EVERY_DATABASE)('emails on %s', (driver) => {
  let test: TestDatabase;
  let database: Database;
  let smtp: TestSmtpServer;
  let clock: FixedClock;
  let mails: TestMails;

  const sender = (smtpUrl: string | undefined = smtp.url): TestMails =>
    new TestMails(
      new Greeting(),
      database,
      new Mailer({ smtpUrl: new Secret(smtpUrl), from: 'atlas@example.com', isProduction: false }),
      clock,
    );
  const asOwner = async (sql: string): Promise<void> => {
    if (driver === 'sqlite') return void (await database.dataSource.query(sql));
    const client = new Client({ connectionString: test.ownerUrl });
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  const rows = (): Promise<OutgoingMail[]> => database.read((manager) => manager.find(OutgoingMail));

  beforeAll(async () => {
    test = await createTestDatabase(driver);
    const { url, ownerUrl } = test;
    const migrationTarget = ownerUrl === undefined ? undefined : databaseTarget(ownerUrl);
    const options = { target: databaseTarget(url), migrationTarget, schema: SCHEMA };
    await migrateFirst(options);
    database = await openDatabase(options);
    smtp = await TestSmtpServer.start();
  });
  beforeEach(() => {
    clock = new FixedClock();
    mails = sender();
  });
  afterAll(async () => {
    await smtp.stop();
    await database.close();
    await test.drop();
  });

  it('are sent after the transaction that queues them, and leave no rows', async () => {
    await mails.greet('ann@example.com');
    expect(await smtp.next()).toMatchObject({ to: ['ann@example.com'], text: 'Your secret is number 1.' });
    await mails.onApplicationShutdown();
    expect(await rows()).toEqual([]);
  });

  it('are not sent if the transaction that queues them fails, or if they have no recipient', async () => {
    const before = smtp.mails.length;
    const failing = database.write(async (manager) => {
      await mails.add({ manager }, 'greeting', { to: 'ann@example.com' });
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    await mails.greet('nobody@example.com');
    await mails.sendNoted();
    expect(smtp.mails).toHaveLength(before);
    expect(await rows()).toEqual([]);
  });

  it('are not stored by a plane without a mail server', async () => {
    const off = new TestMails(
      new Greeting(),
      database,
      new Mailer({ smtpUrl: undefined, from: undefined, isProduction: false }),
      clock,
    );
    await off.greet('ann@example.com');
    expect(off.isOn).toBe(false);
    expect(await rows()).toEqual([]);
  });

  it('are retried later with a fresh secret, which the row never contains', async () => {
    smtp.refusal = 'busy';
    await mails.greet('ann@example.com');
    await mails.sendNoted();
    const [row] = await rows();
    expect(row).toMatchObject({ kind: 'greeting', subject: { to: 'ann@example.com' }, attempts: 1 });
    smtp.refusal = undefined;
    const before = smtp.mails.length;
    clock.advance(10);
    await mails.sendNoted();
    expect(smtp.mails).toHaveLength(before);
    clock.advance(20);
    await mails.sendNoted();
    expect((await smtp.next()).text).toBe('Your secret is number 2.');
    expect(await rows()).toEqual([]);
  });

  it('are abandoned after a day', async () => {
    smtp.refusal = 'busy';
    await mails.greet('ann@example.com');
    for (let hours = 0; hours <= 24; hours += 6) {
      await mails.sendNoted();
      clock.advance(6 * 3600);
    }
    smtp.refusal = undefined;
    expect(await rows()).toEqual([]);
    expect(mails.givenUp).toHaveLength(1);
  });

  it('are abandoned if they are sent but cannot be removed from the queue', async () => {
    const isStuck = 'old.attempts <= 50';
    const [refuse, allow] =
      driver === 'sqlite'
        ? [
            `create trigger stuck before delete on outgoing_mails when ${isStuck}
              begin select raise(abort, 'stuck'); end`,
            'drop trigger stuck',
          ]
        : [
            `create function stuck() returns trigger language plpgsql as $$ begin
               if ${isStuck} then raise exception 'stuck'; end if; return old; end $$;
             create trigger stuck before delete on outgoing_mails for each row execute function stuck()`,
            'drop function stuck() cascade',
          ];
    await asOwner(refuse);
    const before = smtp.mails.length;
    await mails.greet('ann@example.com');
    await mails.sendNoted();
    // Skips the attempts in between, which would be the same.
    await database.write((manager) => manager.update(OutgoingMail, { kind: 'greeting' }, { attempts: 49 }));
    for (let hours = 0; hours < 3; hours += 1) {
      clock.advance(3600);
      await mails.sendNoted();
    }
    await asOwner(allow);
    expect(smtp.mails.length - before).toBe(2);
    expect([await rows(), mails.givenUp.length]).toEqual([[], 1]);
    for (let n = 0; n < 2; n += 1) await smtp.next();
  });

  it('are claimed for longer after each attempt that does not finish', async () => {
    jest.spyOn(mails.kind, 'write').mockRejectedValue(Object.assign(new Error('it ends'), { code: '57P01' }));
    await mails.greet('ann@example.com');
    const claims: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      await mails.sendNoted();
      const [row] = await rows();
      claims.push(((row?.nextAttemptAt.getTime() ?? 0) - clock.now().getTime()) / 1000);
      clock.advance(claims.at(-1) ?? 0);
    }
    expect(claims).toEqual([240, 480, 720]);
    await database.write((manager) => manager.delete(OutgoingMail, { kind: 'greeting' }));
  });

  it.each([
    ['is sent', undefined, 3600],
    ['is refused', 'busy', 3600],
    ['is abandoned', 'busy', 25 * 3600],
  ])(
    'remain claimed by the latest process, even if an earlier process resumes and its email %s',
    async (_, refusal, seconds) => {
      const paused = sender();
      const write = paused.kind.write.bind(paused.kind);
      jest.spyOn(paused.kind, 'write').mockImplementationOnce(async (...asked) => {
        const letter = await write(...asked);
        // While this process is paused, its claim expires, and an attempt by another process is refused.
        clock.advance(seconds);
        await database.write((manager) =>
          manager.update(
            OutgoingMail,
            { kind: 'greeting' },
            { attempts: 2, nextAttemptAt: new Date(clock.now().getTime() + 60_000) },
          ),
        );
        return letter;
      });
      smtp.refusal = refusal;
      await paused.greet('ann@example.com');
      await paused.sendNoted();
      smtp.refusal = undefined;
      if (refusal === undefined) await smtp.next();
      const nextAttemptAt = new Date(clock.now().getTime() + 60_000);
      expect(await rows()).toMatchObject([{ attempts: 2, nextAttemptAt }]);
      expect(paused.givenUp).toEqual([]);
      await database.write((manager) => manager.delete(OutgoingMail, { kind: 'greeting' }));
    },
  );

  it('are not sent again by a process that was paused while another process sent them', async () => {
    const paused = sender();
    const transaction = paused['transaction'].bind(paused);
    let turns = 0;
    Object.assign(paused, {
      transaction: async (...asked: Parameters<typeof transaction>) => {
        // The email is claimed, but not written yet.
        if ((turns += 1) === 2) {
          clock.advance(3600);
          mails.onApplicationBootstrap();
          await smtp.next();
          await mails.onApplicationShutdown();
        }
        return transaction(...asked);
      },
    });
    const before = smtp.mails.length;
    await paused.greet('ann@example.com');
    await paused.sendNoted();
    expect([smtp.mails.length - before, mails.kind.minted, paused.kind.minted]).toEqual([1, 1, 0]);
    expect(await rows()).toEqual([]);
  });

  it('are not abandoned just because the database was unavailable', async () => {
    const queue = jest.spyOn(mails, 'sendNoted').mockResolvedValue();
    await mails.greet('ann@example.com');
    queue.mockRestore();
    clock.advance(25 * 3600);
    const outage = Object.assign(new Error('the server ends'), { code: '57P01' });
    jest.spyOn(mails.kind, 'write').mockRejectedValueOnce(outage);
    await mails.sendNoted();
    expect([await rows(), mails.givenUp]).toMatchObject([[{ attempts: 1 }], []]);
    clock.advance(3600);
    await mails.sendNoted();
    expect(await smtp.next()).toMatchObject({ to: ['ann@example.com'] });
    expect(await rows()).toEqual([]);
  });

  it('are sent by the next process to start if the process that queued them has died', async () => {
    const dead = sender();
    const sending = jest.spyOn(dead, 'sendNoted').mockResolvedValue();
    await dead.greet('ann@example.com');
    expect(sending).toHaveBeenCalled();
    mails.onApplicationBootstrap();
    expect(await smtp.next()).toMatchObject({ to: ['ann@example.com'] });
    await mails.onApplicationShutdown();
    expect(await rows()).toEqual([]);
  });

  it('are each sent only once, even if two processes send emails concurrently', async () => {
    const other = sender();
    const before = smtp.mails.length;
    for (let n = 0; n < 12; n += 1) {
      const queue = jest.spyOn(mails, 'sendNoted').mockResolvedValue();
      await mails.greet(`user-${n}@example.com`);
      queue.mockRestore();
    }
    other.onApplicationBootstrap();
    await mails.sendNoted();
    while (smtp.mails.length < before + 12) await smtp.next();
    await Promise.all([mails.onApplicationShutdown(), other.onApplicationShutdown()]);
    const received = smtp.mails.slice(before).flatMap(({ to }) => to);
    expect(received.sort()).toEqual(Array.from({ length: 12 }, (_, n) => `user-${n}@example.com`).sort());
    expect(await rows()).toEqual([]);
  });
});

describe('retries of a refused email', () => {
  it('slow down to one an hour, and stop after a day', () => {
    const createdAt = new Date(0);
    const delays: number[] = [];
    let now = createdAt;
    for (let attempts = 1; ; attempts += 1) {
      const next = nextMailAttempt({ attempts, createdAt }, now, () => 1);
      if (!next) break;
      delays.push((next.getTime() - now.getTime()) / 1000);
      now = next;
    }
    expect(delays.slice(0, 8)).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600]);
    expect(delays.length).toBeLessThan(35);
    expect(now.getTime()).toBeLessThanOrEqual(24 * 3600_000);
    expect(nextMailAttempt({ attempts: 1, createdAt }, createdAt, () => 0)).toEqual(new Date(15_000));
  });
});

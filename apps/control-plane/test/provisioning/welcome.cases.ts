import { EVERY_DATABASE, TestSmtpServer, eventually, linkIn } from '@atlas/testing';
import { AuditEvent } from '../../src/audit/audit-event.entity';
import { Mails } from '../../src/mail/mails';
import { OutgoingMail } from '../../src/mail/outgoing-mail.entity';
import { Tenant } from '../../src/registry/tenant.entity';
import { TestControlPlane } from '../control-plane.fixture';
import { type PlaneSimulator } from '../plane-simulator.fixture';

describe.each(EVERY_DATABASE)('a welcome email that the mail server refused at first, on %s', (driver) => {
  let smtp: TestSmtpServer;
  let plane: TestControlPlane;
  let cell: PlaneSimulator;
  beforeAll(async () => {
    smtp = await TestSmtpServer.start();
    plane = await TestControlPlane.boot(driver, smtp.env);
    cell = await plane.enrolledCell();
  });
  afterAll(async () => {
    await plane.close();
    await smtp.stop();
  });

  /** An active tenant whose welcome email is queued. */
  const tenant = async (slug: string): Promise<string> => {
    smtp.refusal = 'away';
    const { id } = (await plane.provision({ slug }).expect(202)).body.tenant;
    await cell.serve(id);
    await eventually(() => plane.count(OutgoingMail), { what: 'the welcome email is queued' });
    await plane.app.get(Mails).sendNoted();
    smtp.refusal = undefined;
    return id;
  };
  const later = async (hours = 1): Promise<void> => {
    plane.clock.advance(hours * 3600);
    await plane.app.get(Mails).sendNoted();
  };
  const counts = async () => [smtp.mails.length, await plane.count(OutgoingMail)];

  it.each<[string, string, Partial<Tenant>, Partial<Tenant>]>([
    ['the tenant is active again', 'paused', { status: 'suspended' }, { status: 'active' }],
    ['the deprovisioning is rolled back', 'kept', { status: 'deprovisioning' }, { status: 'active' }],
    [
      'the tenant has been given an address',
      'homeless',
      { url: null },
      { url: 'https://homeless.atlas.example' },
    ],
  ])('waits while the tenant cannot be used, and is sent once %s', async (_, slug, meanwhile, then) => {
    const id = await tenant(slug);
    const before = smtp.mails.length;
    await plane.change(Tenant, { id }, meanwhile);
    await later();
    expect(await counts()).toEqual([before, 1]);
    await plane.change(Tenant, { id }, then);
    await later();
    expect(linkIn(await smtp.next())).toMatch(`https://${slug}.atlas.example/signup#token=`);
    expect(await counts()).toEqual([before + 1, 0]);
  });

  it.each<[string, Partial<Tenant>]>([
    ['removed', { status: 'deprovisioning', restorableUntil: new Date() }],
    ['deleted', { status: 'deleted' }],
  ])('is dropped, with an audit entry, once the tenant is %s', async (slug, gone) => {
    const id = await tenant(slug);
    const before = smtp.mails.length;
    await plane.change(Tenant, { id }, gone);
    await later();
    expect(await counts()).toEqual([before, 0]);
    expect(await plane.rows(AuditEvent, { action: 'mail.dropped', targetId: id })).toMatchObject([
      { targetKind: 'tenant', after: { kind: 'welcome', reason: 'tenant_gone' } },
    ]);
  });

  it('is abandoned after a day', async () => {
    const id = await tenant('forgotten');
    await plane.change(Tenant, { id }, { status: 'suspended' });
    await later(25);
    expect((await counts())[1]).toBe(0);
    expect(await plane.rows(AuditEvent, { action: 'mail.given_up' })).toMatchObject([
      { targetKind: 'mail', after: { kind: 'welcome' } },
    ]);
  });
});

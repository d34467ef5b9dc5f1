import {
  type MigrationContext,
  PortableMigration,
  createKnownDevices,
  createOutgoingMails,
  createThrottles,
  trackChangesOf,
} from '@atlas/persistence';

/** Tables for queued emails, and for limiting password guesses. */
export class QueueMails1700000000011 extends PortableMigration {
  protected async apply({ driver, sql, types, tenantScoped }: MigrationContext): Promise<void> {
    const keys = [`tenant_id ${types.uuid}`];
    await sql(
      ...createThrottles(types),
      ...createOutgoingMails(types, keys),
      ...createKnownDevices(types, keys),
    );
    await tenantScoped('outgoing_mails', 'known_devices');
    await sql(
      ...trackChangesOf(driver, 'outgoing_mails', ['id']),
      ...trackChangesOf(driver, 'known_devices', ['token_hash']),
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table known_devices', 'drop table outgoing_mails', 'drop table throttles');
  }
}

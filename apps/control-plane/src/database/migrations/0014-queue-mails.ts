import {
  type MigrationContext,
  PortableMigration,
  createKnownDevices,
  createOutgoingMails,
  createThrottles,
} from '@atlas/persistence';

/** Adds a queue for outgoing emails, and counters that limit password guesses. */
export class QueueMails1700000000014 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(...createOutgoingMails(types), ...createThrottles(types), ...createKnownDevices(types));
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table known_devices', 'drop table throttles', 'drop table outgoing_mails');
  }
}

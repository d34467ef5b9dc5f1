import {
  type MigrationContext,
  PortableMigration,
  createKnownDevices,
  createOutgoingMails,
  createThrottles,
} from '@atlas/persistence';

/** Mails that are to be sent, and what keeps guesses at passwords few. */
export class QueueMails1700000000014 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(...createOutgoingMails(types), ...createThrottles(types), ...createKnownDevices(types));
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table known_devices', 'drop table throttles', 'drop table outgoing_mails');
  }
}

import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/** One row, which says until when the link to the Control Plane is cut for a rehearsal of an outage. */
export class RehearseOutages1700000000060 extends PortableMigration {
  protected async apply({ sql, types: { timestamp, uuid } }: MigrationContext): Promise<void> {
    await sql(
      `create table link_cuts (id integer not null, rehearsal_id ${uuid}, begun_at ${timestamp},
        ends_at ${timestamp}, constraint link_cuts_pk primary key (id))`,
      'insert into link_cuts (id) values (1)',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table link_cuts');
  }
}

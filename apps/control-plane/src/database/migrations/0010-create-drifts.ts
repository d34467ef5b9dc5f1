import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class CreateDrifts1700000000010 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `create table drifts (
        id ${types.uuid} not null, kind varchar not null, subject_kind varchar not null,
        subject_id varchar not null, detail text not null, first_seen_at ${types.timestamp} not null,
        last_seen_at ${types.timestamp} not null, resolved_at ${types.timestamp},
        repaired ${types.boolean} not null,
        constraint drifts_pk primary key (id))`,
      `create unique index drifts_open_uq on drifts (kind, subject_id) where resolved_at is null`,
      `create table reconcile_turns (
        id integer not null, due_at ${types.timestamp} not null,
        constraint reconcile_turns_pk primary key (id))`,
      `insert into reconcile_turns (id, due_at) values (1, '2000-01-01 00:00:00')`,
      // Allows a plane's taken places to be counted from the index alone.
      `create index placements_held_ix on placements (tenant_plane_id) where holds_place`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop index placements_held_ix', 'drop table reconcile_turns', 'drop table drifts');
  }
}

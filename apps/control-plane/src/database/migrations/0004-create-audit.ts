import { type MigrationContext, PortableMigration } from '@atlas/persistence';

export class CreateAudit1700000000004 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `create table audit_events (
        id ${types.uuid} not null, at ${types.timestamp} not null, actor_kind varchar not null,
        actor_id varchar, action varchar not null, target_kind varchar not null, target_id varchar,
        before ${types.json}, after ${types.json}, ip varchar, trace_id varchar,
        constraint audit_events_pk primary key (id))`,
      `create table audit_chain (
        position integer not null, audit_id ${types.uuid} not null, hash varchar not null,
        constraint audit_chain_pk primary key (position), constraint audit_chain_audit_uq unique (audit_id))`,
      `create table signing_keys (
        kid varchar not null, purpose varchar not null, public_jwk ${types.json} not null,
        private_sealed text not null, created_at ${types.timestamp} not null,
        constraint signing_keys_pk primary key (kid))`,
      `create table control_plane_state (id integer not null, epoch varchar not null,
        constraint control_plane_state_pk primary key (id))`,
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    const tables = ['control_plane_state', 'signing_keys', 'audit_chain', 'audit_events'];
    await sql(...tables.map((table) => `drop table ${table}`));
  }
}

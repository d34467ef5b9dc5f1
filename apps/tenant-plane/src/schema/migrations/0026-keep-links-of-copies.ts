import { type MigrationContext, PortableMigration, trackChangesOf } from '@atlas/persistence';

const RULE = 'constraint user_tokens_purpose_uq unique (tenant_id, user_id, purpose)';

/** An email that was sent more than once has a different link in each copy. */
export class KeepLinksOfCopies1700000000026 extends PortableMigration {
  protected async apply(context: MigrationContext): Promise<void> {
    const { driver, sql } = context;
    if (driver === 'postgres') await sql('alter table user_tokens drop constraint user_tokens_purpose_uq');
    else await sql(...rebuilt(context));
    await sql('create index user_tokens_purpose_ix on user_tokens (tenant_id, user_id, purpose)');
  }
  protected async revert(context: MigrationContext): Promise<void> {
    const { driver, sql } = context;
    await sql('drop index user_tokens_purpose_ix');
    if (driver === 'sqlite') return sql(KEEP_LATEST, ...rebuilt(context, RULE));
    // The migrating role owns the table, but the policy hides all tenants' rows from that role.
    await sql(
      'alter table user_tokens no force row level security',
      KEEP_LATEST,
      'alter table user_tokens force row level security',
      `alter table user_tokens add ${RULE}`,
    );
  }
}

const KEEP_LATEST = `delete from user_tokens as one where exists (select 1 from user_tokens as other
  where other.tenant_id = one.tenant_id and other.user_id = one.user_id and other.purpose = one.purpose
    and (other.expires_at, other.token_hash) > (one.expires_at, one.token_hash))`;

/** SQLite cannot drop or add a constraint, so the table is rebuilt. */
function rebuilt({ driver, types }: MigrationContext, rule?: string): string[] {
  const columns = 'tenant_id, token_hash, user_id, purpose, expires_at';
  return [
    `create table user_tokens_new (
      tenant_id ${types.uuid} not null, token_hash varchar not null, user_id ${types.uuid} not null,
      purpose varchar not null, expires_at ${types.timestamp} not null,
      constraint user_tokens_pk primary key (tenant_id, token_hash),${rule ? ` ${rule},` : ''}
      constraint user_tokens_user_fk foreign key (tenant_id, user_id) references users (tenant_id, id))`,
    `insert into user_tokens_new (${columns}) select ${columns} from user_tokens`,
    'drop table user_tokens',
    'alter table user_tokens_new rename to user_tokens',
    'create index user_tokens_expiry_ix on user_tokens (tenant_id, expires_at)',
    ...trackChangesOf(driver, 'user_tokens', ['token_hash']),
  ];
}

import { type MigrationContext, PortableMigration } from '@atlas/persistence';

/**
 * Stores the links in earlier copies of an email. An email that
 * was sent more than once has a different link in each copy.
 */
export class KeepLinksOfCopies1700000000035 extends PortableMigration {
  protected async apply({ sql, types }: MigrationContext): Promise<void> {
    await sql(
      `create table earlier_signup_tokens (
        token_hash varchar not null, signup_id ${types.uuid} not null,
        constraint earlier_signup_tokens_pk primary key (token_hash),
        constraint earlier_signup_tokens_signup_fk foreign key (signup_id)
          references signups (id) on delete cascade)`,
      'create index earlier_signup_tokens_signup_ix on earlier_signup_tokens (signup_id)',
    );
  }
  protected async revert({ sql }: MigrationContext): Promise<void> {
    await sql('drop table earlier_signup_tokens');
  }
}

import { type ColumnTypes } from '../schema/columns';

/**
 * The statements that create the table `outgoing_mails`. `keys` are the columns, with their types, that come
 * before `id` in its primary key.
 */
export function createOutgoingMails(types: ColumnTypes, keys: readonly string[] = []): string[] {
  const columns = keys.map((key) => `${key} not null, `).join('');
  const before = keys.map((key) => `${key.split(' ')[0]}, `).join('');
  return [
    `create table outgoing_mails (
      ${columns}id ${types.uuid} not null, kind varchar not null, subject ${types.json} not null,
      created_at ${types.timestamp} not null, attempts integer not null,
        next_attempt_at ${types.timestamp} not null,
      constraint outgoing_mails_pk primary key (${before}id))`,
    `create index outgoing_mails_due_ix on outgoing_mails (${before}next_attempt_at)`,
  ];
}

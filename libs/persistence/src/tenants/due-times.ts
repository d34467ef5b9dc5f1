import { type DatabaseDriver } from '../connection/database-target';

/**
 * The statements that create the table of due times: which row of which tenant needs attention when. The
 * table is not tenant-scoped, so that one query finds the due rows of all tenants, and it contains nothing
 * else.
 */
export function createDueTimes(driver: DatabaseDriver): string[] {
  const [uuid, timestamp] = driver === 'sqlite' ? ['varchar', 'datetime'] : ['uuid', 'timestamptz'];
  const table = [
    `create table due_times (table_name varchar not null, owner_id ${uuid} not null, row_id ${uuid} not null,
      due_at ${timestamp} not null, constraint due_times_pk primary key (table_name, owner_id, row_id))`,
    'create index due_times_ix on due_times (due_at)',
  ];
  if (driver === 'sqlite') return table;
  return [
    ...table,
    `create function note_due_time() returns trigger language plpgsql as $$
      declare due timestamptz;
      begin
        if tg_op = 'DELETE' then
          delete from due_times where table_name = tg_table_name and owner_id = old.tenant_id
            and row_id = old.id;
          return null;
        end if;
        due := (to_jsonb(new) ->> tg_argv[0])::timestamptz;
        if due is null then
          delete from due_times where table_name = tg_table_name and owner_id = new.tenant_id
            and row_id = new.id;
        else
          insert into due_times (table_name, owner_id, row_id, due_at)
            values (tg_table_name, new.tenant_id, new.id, due)
            on conflict (table_name, owner_id, row_id) do update set due_at = excluded.due_at;
        end if;
        return null;
      end $$`,
  ];
}

export function dropDueTimes(driver: DatabaseDriver): string[] {
  return driver === 'sqlite'
    ? ['drop table due_times']
    : ['drop function note_due_time()', 'drop table due_times'];
}

/** The statements that create the triggers which note the time in `column` of a table whose key is `id`. */
export function noteDueTimesOf(driver: DatabaseDriver, table: string, column: string): string[] {
  if (driver === 'postgres')
    return [
      `create trigger ${table}_due_insert after insert on ${table} for each row
        when (new.${column} is not null) execute function note_due_time('${column}')`,
      `create trigger ${table}_due_update after update of ${column} on ${table} for each row
        when (new.${column} is distinct from old.${column}) execute function note_due_time('${column}')`,
      `create trigger ${table}_due_delete after delete on ${table} for each row
        when (old.${column} is not null) execute function note_due_time('${column}')`,
    ];
  const forget = (row: string): string =>
    `delete from due_times
      where table_name = '${table}' and owner_id = ${row}.tenant_id and row_id = ${row}.id;`;
  const note = `insert into due_times (table_name, owner_id, row_id, due_at)
      select '${table}', new.tenant_id, new.id, new.${column} where new.${column} is not null;`;
  return [
    `create trigger ${table}_due_insert after insert on ${table} when new.${column} is not null
      begin ${forget('new')} ${note} end`,
    `create trigger ${table}_due_update after update of ${column} on ${table}
      when new.${column} is not old.${column} begin ${forget('new')} ${note} end`,
    `create trigger ${table}_due_delete after delete on ${table} when old.${column} is not null
      begin ${forget('old')} end`,
  ];
}

/** Run these statements before a table is dropped or loses its column. */
export function forgetDueTimesOf(driver: DatabaseDriver, table: string): string[] {
  const on = driver === 'postgres' ? ` on ${table}` : '';
  return [
    ...['insert', 'update', 'delete'].map((event) => `drop trigger ${table}_due_${event}${on}`),
    `delete from due_times where table_name = '${table}'`,
  ];
}

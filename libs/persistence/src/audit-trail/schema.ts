import { type DatabaseDriver } from '../connection/database-target';

const REFUSAL = 'audit_append_only';

/**
 * The statements that add a hash chain's columns and indexes to the table `audit_events`. The columns `keys`
 * come first in each index.
 */
export function addAuditChain(keys: readonly string[] = []): string[] {
  const before = keys.map((key) => `${key}, `).join('');
  return [
    'alter table audit_events add column position integer',
    'alter table audit_events add column hash varchar',
    `create unique index audit_events_position_uq on audit_events (${before}position) where position ` +
      'is not null',
    `create index audit_events_unsealed_ix on audit_events (${before}id) where position is null`,
  ];
}

export function dropAuditChain(): string[] {
  return [
    'drop index audit_events_unsealed_ix',
    'drop index audit_events_position_uq',
    'alter table audit_events drop column hash',
    'alter table audit_events drop column position',
  ];
}

/**
 * The statements that make the database itself refuse to change or delete an audit row, except to seal it.
 * `deletable` is an SQL condition on the row `old` that becomes true once the row's whole trail may be
 * deleted.
 */
export function keepAppendOnly(
  driver: DatabaseDriver,
  { keys = [], deletable = 'false' }: { keys?: readonly string[]; deletable?: string } = {},
): string[] {
  if (driver === 'sqlite') {
    return [
      `create trigger audit_events_unchanged before update on audit_events
        when ${[...keys, ...UNCHANGED].map((column) => `old.${column} is not new.${column}`).join(' or ')}
          or (old.position is not null and (old.position is not new.position or old.hash is not new.hash))
        begin select raise(abort, '${REFUSAL}'); end`,
      `create trigger audit_events_undeleted before delete on audit_events when not (${deletable})
        begin select raise(abort, '${REFUSAL}'); end`,
    ];
  }
  return [
    `create function keep_audit_events() returns trigger language plpgsql as $$
      begin
        if tg_op = 'UPDATE' then
          if to_jsonb(old) - '{position,hash}'::text[] = to_jsonb(new) - '{position,hash}'::text[]
            and (old.position is null or (old.position, old.hash) is not distinct from (new.position,
              new.hash))
          then return new; end if;
        elsif tg_op = 'DELETE' then
          if ${deletable} then return old; end if;
        end if;
        raise exception '${REFUSAL}';
      end $$`,
    `create trigger audit_events_kept before update or delete on audit_events
      for each row execute function keep_audit_events()`,
    `create trigger audit_events_whole before truncate on audit_events
      for each statement execute function keep_audit_events()`,
  ];
}

const UNCHANGED = [
  'id',
  'at',
  'actor_kind',
  'actor_id',
  'action',
  'target_kind',
  'target_id',
  'before',
  'after',
  'ip',
  'trace_id',
];

export function dropAppendOnly(driver: DatabaseDriver): string[] {
  return driver === 'sqlite'
    ? ['drop trigger audit_events_unchanged', 'drop trigger audit_events_undeleted']
    : [
        'drop trigger audit_events_whole on audit_events',
        'drop trigger audit_events_kept on audit_events',
        'drop function keep_audit_events()',
      ];
}

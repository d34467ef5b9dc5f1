import { type DataSource } from 'typeorm';

/**
 * The statements that fence a tenant-scoped table. FORCE binds the owner too. The setting is cast, never the column,
 * else no index is used; it is '' (not null) after a transaction that set it, hence nullif.
 */
export function forceRowLevelSecurity(table: string): string[] {
  const isOwn = `tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid`;
  return [
    `alter table ${table} enable row level security`,
    `alter table ${table} force row level security`,
    `create policy tenant_isolation on ${table} using (${isOwn}) with check (${isOwn})`,
  ];
}

interface RoleFacts {
  readonly rolname: string;
  readonly rolsuper: boolean;
  readonly rolbypassrls: boolean;
  readonly owned: string | null;
}

/** By which the connected role could step over the policies: its attributes, and what it owns. */
export interface RoleFaults {
  readonly bypassing: readonly string[];
  readonly owning: readonly string[];
}

export async function roleFaults(dataSource: DataSource): Promise<RoleFaults> {
  const [role] = await dataSource.query<RoleFacts[]>(
    `select r.rolname, r.rolsuper, r.rolbypassrls,
            (select c.relname from pg_class c where c.relowner = r.oid and c.relkind in ('r', 'p', 'v', 'm') limit 1) as owned
       from pg_roles r where r.rolname = current_user`,
  );
  if (!role) return { bypassing: ['its role is not known to the server'], owning: [] };
  const bypassing = [
    ...(role.rolsuper ? [`role "${role.rolname}" is a superuser`] : []),
    ...(role.rolbypassrls ? [`role "${role.rolname}" has BYPASSRLS`] : []),
  ];
  const owning = role.owned === null ? [] : [`role "${role.rolname}" owns the table "${role.owned}"`];
  return { bypassing, owning };
}

/**
 * Holds the catalog against the rules for tenant-scoped tables (each with a `tenant_id` column): forced row-level
 * security, a policy with check, and keys that start with `tenant_id`; and no view that reads with its owner's rights.
 */
export async function tenantTableProblems(dataSource: DataSource): Promise<string[]> {
  const rows = await dataSource.query<{ problem: string }[]>(CATALOG_LINT);
  return rows.map((row) => row.problem);
}

const CATALOG_LINT = `
  with scoped as (
    select c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, a.attnum
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
     where c.relkind in ('r', 'p'))
  select format('table %s: row-level security is not enabled and forced', relname) as problem
    from scoped where not (relrowsecurity and relforcerowsecurity)
  union all
  select format('table %s: no policy with both USING and WITH CHECK for all commands', relname)
    from scoped where not exists (select 1 from pg_policy p
      where p.polrelid = scoped.oid and p.polcmd = '*' and p.polqual is not null and p.polwithcheck is not null)
  union all
  select format('table %s: policy %s is permissive without the tenant predicate', relname, p.polname)
    from scoped join pg_policy p on p.polrelid = scoped.oid
   where p.polpermissive and pg_get_expr(p.polqual, p.polrelid) not like '%app.tenant_id%'
  union all
  select format('table %s: index %s is unique but does not start with tenant_id', relname, i.indexrelid::regclass)
    from scoped join pg_index i on i.indrelid = scoped.oid and i.indisunique and i.indkey[0] <> scoped.attnum
  union all
  select format('table %s: foreign key %s does not start with tenant_id', relname, k.conname)
    from scoped join pg_constraint k on k.conrelid = scoped.oid and k.contype = 'f' and k.conkey[1] <> scoped.attnum
  union all
  select format('view %s: reads with its owner''s rights', c.relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
   where c.relkind in ('v', 'm') and not coalesce(c.reloptions @> array['security_invoker=true'], false)`;

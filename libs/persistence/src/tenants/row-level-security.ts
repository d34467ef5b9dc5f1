import { type DataSource } from 'typeorm';

/**
 * Casts the setting rather than the column, because otherwise no index would be used. After a transaction
 * that has set it, the setting is '' rather than null, hence nullif.
 */
const IS_OWN = `tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid`;

/**
 * The statements that restrict a tenant-scoped table to the rows of one tenant. FORCE applies the policies to
 * the owner too.
 */
export function forceRowLevelSecurity(table: string): string[] {
  return [
    `alter table ${table} enable row level security`,
    `alter table ${table} force row level security`,
    `create policy tenant_isolation on ${table} using (${IS_OWN}) with check (${IS_OWN})`,
  ];
}

interface RoleFacts {
  readonly rolname: string;
  readonly rolsuper: boolean;
  readonly rolbypassrls: boolean;
  readonly owned: string | null;
  readonly truncatable: string | null;
}

/** How the connected role could bypass the policies: through its attributes, or through what it owns. */
export interface RoleFaults {
  readonly bypassing: readonly string[];
  readonly owning: readonly string[];
}

export async function roleFaults(dataSource: DataSource): Promise<RoleFaults> {
  const [role] = await dataSource.query<RoleFacts[]>(
    `select r.rolname, r.rolsuper, r.rolbypassrls,
            (select c.relname from pg_class c where c.relowner = r.oid and c.relkind in ('r', 'p', 'v',
              'm') limit 1) as owned,
            (select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
              and n.nspname = current_schema()
              where c.relkind in ('r', 'p') and has_table_privilege(c.oid, 'truncate') limit 1) as truncatable
       from pg_roles r where r.rolname = current_user`,
  );
  if (!role) return { bypassing: ['the server does not know its role'], owning: [] };
  const bypassing = [
    ...(role.rolsuper ? [`role "${role.rolname}" is a superuser`] : []),
    ...(role.rolbypassrls ? [`role "${role.rolname}" has BYPASSRLS`] : []),
  ];
  if (role.owned !== null)
    return { bypassing, owning: [`role "${role.rolname}" owns the table "${role.owned}"`] };
  // Policies do not apply to TRUNCATE.
  const emptied =
    role.truncatable === null ? [] : [`role "${role.rolname}" may truncate "${role.truncatable}"`];
  return { bypassing, owning: emptied };
}

/**
 * Checks the catalog against the rules for tenant-scoped tables (those with a `tenant_id` column). Row-level
 * security is forced, and its policies admit only the tenant's own rows, for reads and writes. Primary,
 * unique and foreign keys start with `tenant_id`, foreign keys on both sides. No view or function runs with
 * its owner's privileges.
 */
export async function tenantTableProblems(dataSource: DataSource): Promise<string[]> {
  const rows = await dataSource.query<{ problem: string }[]>(CATALOG_LINT, [IS_OWN]);
  return rows.map((row) => row.problem);
}

/**
 * SQL that removes what Postgres prints differently from the source: whitespace, brackets, case and text
 * casts.
 */
function bare(expression: string): string {
  return `regexp_replace(lower(${expression}), '[[:space:]()]|::text', '', 'g')`;
}

const CATALOG_LINT = `
  with scoped as (
    select c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity, a.attnum
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
     where c.relkind in ('r', 'p', 'f')),
  policies as (
    select scoped.relname, p.polname, e.side, e.expression
      from scoped join pg_policy p on p.polrelid = scoped.oid and p.polpermissive
      cross join lateral (values ('USING', pg_get_expr(p.polqual, p.polrelid)),
                                 ('WITH CHECK', pg_get_expr(p.polwithcheck, p.polrelid))) as e (side,
                                   expression))
  select format('table %s: row-level security is not enabled and forced', relname) as problem
    from scoped where not (relrowsecurity and relforcerowsecurity)
  union all
  select format('table %s: no policy with both USING and WITH CHECK for all commands', relname)
    from scoped where not exists (select 1 from pg_policy p
      where p.polrelid = scoped.oid and p.polcmd = '*' and p.polqual is not null
        and p.polwithcheck is not null)
  union all
  select format('table %s: policy %s lets more through than the tenant''s own rows (%s)', relname, polname,
    side)
    from policies where ${bare('expression')} <> ${bare(`$1`)}
  union all
  select format('table %s: no primary key', relname)
    from scoped where not exists (select 1 from pg_constraint k where k.conrelid = scoped.oid
      and k.contype = 'p')
  union all
  select format('table %s: index %s is unique but does not start with tenant_id', relname,
    i.indexrelid::regclass)
    from scoped join pg_index i on i.indrelid = scoped.oid and i.indisunique and i.indkey[0] <> scoped.attnum
  union all
  select format('table %s: foreign key %s does not start with tenant_id', relname, k.conname)
    from scoped join pg_constraint k on k.conrelid = scoped.oid and k.contype = 'f'
      and k.conkey[1] <> scoped.attnum
  union all
  select format('table %s: foreign key %s can refer to a row of another tenant', k.conrelid::regclass,
    k.conname)
    from scoped join pg_constraint k on k.confrelid = scoped.oid and k.contype = 'f'
    left join scoped as referring on referring.oid = k.conrelid
   where referring.attnum is null or k.confkey[array_position(k.conkey,
     referring.attnum)] is distinct from scoped.attnum
  union all
  select format('view %s: reads with its owner''s rights', c.relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()
   where c.relkind in ('v', 'm') and not coalesce(c.reloptions @> array['security_invoker=true'], false)
  union all
  select format('function %s: runs with its owner''s rights', p.oid::regprocedure)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace and n.nspname = current_schema()
   where p.prosecdef and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')`;

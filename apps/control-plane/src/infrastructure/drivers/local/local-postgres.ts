import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { AdminConnection, PATIENCE, type Patience } from './admin-connection';
import { runMigration } from './migration-process';

const TEMPLATE_ROLE = 'atlas_template';
/** A session-level lock. One process creates the template while the others wait. */
export const TEMPLATE_LOCK = 4_772_602;
/**
 * A class of session-level locks, one for each hash of a name. Only one
 * worker at a time can create or remove the database with that name.
 */
export const NAME_LOCK = 4_772_613;
/**
 * An interrupted `drop database` leaves an invalid database, which can only be dropped
 * (https://www.postgresql.org/docs/current/catalog-pg-database.html).
 */
const IS_VALID = 'datconnlimit <> -2';

/** Throws if another worker has taken over. */
export type StillOurs = () => Promise<unknown>;

/**
 * Manages the databases and roles of dedicated tenants on one server. Each database is a clone of a template
 * that the Tenant Plane has migrated, and has its own role as owner.
 */
export class LocalPostgres {
  constructor(
    /** The URL of a superuser. */
    private readonly adminUrl: string,
    /** The folder of the Tenant Plane build. */
    private readonly app: string,
    private readonly patience: Patience = PATIENCE,
  ) {}

  /** Returns the URL with which the role connects to the database of the same name. */
  urlFor(name: string, password: string): string {
    return this.urlOf(name, name, password);
  }

  /** Ensures that there is a migrated database, owned by a role with the same name and the given password. */
  async ensure(name: string, password: string, stillOurs: StillOurs): Promise<void> {
    await this.alone(name, stillOurs, async (admin) => {
      await this.ensureRole(admin, name, password);
      if (!(await exists(admin, name))) await this.clone(admin, name);
      await this.handOver(name);
    });
  }

  /** Drops the database and its role, and closes open connections. */
  async drop(name: string, stillOurs: StillOurs): Promise<void> {
    await this.alone(name, stillOurs, async (admin) => {
      await admin.querySlowly(`drop database if exists ${escapeIdentifier(name)} with (force)`);
      await admin.query(`drop role if exists ${escapeIdentifier(name)}`);
    });
  }

  /** Returns which of these databases exist and are valid, and which roles with the same names can log in. */
  async present(names: readonly string[]): Promise<{ databases: Set<string>; roles: Set<string> }> {
    const [databases, roles] = await this.asAdmin(this.adminUrl, async (admin) => [
      await namesFrom(
        admin,
        `select datname as name from pg_database where datname = any($1) and ${IS_VALID}`,
        [names],
      ),
      await namesFrom(admin, 'select rolname as name from pg_roles where rolname = any($1) and rolcanlogin', [
        names,
      ]),
    ]);
    return { databases: new Set(databases), roles: new Set(roles) };
  }

  /** Lists databases (even invalid ones) and roles with our name prefix, in order, starting after `after`. */
  next(after: string, take: number): Promise<readonly { what: 'database' | 'role'; name: string }[]> {
    return this.asAdmin(this.adminUrl, async (admin) => {
      const sql = `select * from (
          select datname::text collate "C" as name, 'database' as what from pg_database
          union all select rolname::text collate "C", 'role' from pg_roles) as named
        where name like 'atlas\\_%' and what || ' ' || name > $1 order by what || ' ' || name limit $2`;
      const { rows } = await admin.query<{ what: 'database' | 'role'; name: string }>(sql, [after, take]);
      return rows;
    });
  }

  /**
   * Restores the role, with its password, as the owner of its database and of everything in it. Returns false
   * without creating the role if the database is missing or invalid.
   */
  async restoreRole(name: string, password: string): Promise<boolean> {
    const role = escapeIdentifier(name);
    const noLease = (): Promise<void> => Promise.resolve();
    return this.alone(name, noLease, async (admin) => {
      if (!(await exists(admin, name))) return false;
      await this.ensureRole(admin, name, password);
      await admin.query(`alter database ${role} owner to ${role}`);
      await this.asAdmin(this.urlOf(name), (client) => client.querySlowly(takeOver(name)));
      return true;
    });
  }

  /** Creates the template unless one exists for this version of the schema. */
  async ensureTemplate(): Promise<string> {
    const template = `atlas_template_${schemaHash(this.app)}`;
    await this.asAdmin(this.adminUrl, async (admin) => {
      if (await exists(admin, template)) return;
      await admin.lockTemplate(TEMPLATE_LOCK);
      if (!(await exists(admin, template))) await this.makeTemplate(admin, template);
    });
    return template;
  }

  private async makeTemplate(admin: AdminConnection, template: string): Promise<void> {
    const unfinished = `${template}_new`;
    const password = randomBytes(24).toString('base64url');
    await admin.querySlowly(`drop database if exists ${unfinished} with (force)`);
    await this.ensureRole(admin, TEMPLATE_ROLE, password);
    await admin.querySlowly(`create database ${unfinished} template template0`);
    await this.asAdmin(this.urlOf(unfinished), (client) =>
      client.query(`grant create on schema public to ${TEMPLATE_ROLE}`),
    );
    await runMigration(this.app, this.urlOf(unfinished, TEMPLATE_ROLE, password), this.patience.migrationMs);
    await admin.query(`alter role ${TEMPLATE_ROLE} nologin`);
    await dropInvalid(admin, template);
    // The database is renamed last, so that any database with this name is complete.
    await admin.query(`alter database ${unfinished} rename to ${template}`);
  }

  private async clone(admin: AdminConnection, name: string): Promise<void> {
    const template = await this.ensureTemplate();
    const id = escapeIdentifier(name);
    await dropInvalid(admin, name);
    await admin.querySlowly(`create database ${id} template ${template} strategy wal_log owner ${id}`);
  }

  /** Reassigns the tables of a clone, which still belong to the template's role. Idempotent. */
  private async handOver(name: string): Promise<void> {
    await this.asAdmin(this.urlOf(name), async (client) => {
      const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [TEMPLATE_ROLE]);
      if (rowCount)
        await client.querySlowly(`reassign owned by ${TEMPLATE_ROLE} to ${escapeIdentifier(name)}`);
    });
  }

  private async ensureRole(admin: AdminConnection, name: string, password: string): Promise<void> {
    const { rowCount } = await admin.query('select 1 from pg_roles where rolname = $1', [name]);
    const verb = rowCount ? 'alter' : 'create';
    await admin.query(
      `${verb} role ${escapeIdentifier(name)} login nosuperuser nobypassrls password ` +
        `${escapeLiteral(password)}`,
    );
  }

  private urlOf(database: string, role?: string, password?: string): string {
    const url = new URL(this.adminUrl);
    url.pathname = `/${database}`;
    if (role !== undefined) url.username = role;
    if (password !== undefined) url.password = password;
    return url.toString();
  }

  /**
   * The database server knows nothing about leases. Therefore, a worker first takes the lock on
   * the name and then checks its lease. This way, a worker that has lost its lease creates
   * nothing once the next worker has cleaned up, and the next worker waits for work in progress.
   */
  private alone<T>(
    name: string,
    stillOurs: StillOurs,
    work: (admin: AdminConnection) => Promise<T>,
  ): Promise<T> {
    return this.asAdmin(this.adminUrl, async (admin) => {
      await admin.lockName(NAME_LOCK, name);
      await stillOurs();
      return work(admin);
    });
  }

  private async asAdmin<T>(url: string, work: (admin: AdminConnection) => Promise<T>): Promise<T> {
    const admin = await AdminConnection.open(url, this.patience);
    try {
      return await work(admin);
    } finally {
      await admin.close();
    }
  }
}

async function exists(admin: AdminConnection, database: string): Promise<boolean> {
  const sql = `select 1 from pg_database where datname = $1 and ${IS_VALID}`;
  const { rowCount } = await admin.query(sql, [database]);
  return rowCount === 1;
}

/** Frees the name for a new database. Never drops a valid one. */
async function dropInvalid(admin: AdminConnection, database: string): Promise<void> {
  const sql = `select 1 from pg_database where datname = $1 and not ${IS_VALID}`;
  const { rowCount } = await admin.query(sql, [database]);
  if (rowCount) await admin.querySlowly(`drop database if exists ${escapeIdentifier(database)}`);
}

async function namesFrom(admin: AdminConnection, sql: string, parameters: unknown[]): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(sql, parameters);
  return rows.map(({ name }) => name);
}

/** Changing the owner of a table also changes the owner of its indexes and sequences. */
function takeOver(role: string): string {
  return `do $$ declare thing record; begin
    for thing in select format('%s %s', kind, id) as named from (
        select 'table' as kind, oid::regclass::text as id, relowner as owner from pg_class
          where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
        union all select 'function', oid::regprocedure::text, proowner from pg_proc
          where pronamespace = 'public'::regnamespace) as things
      where owner <> ${escapeLiteral(role)}::regrole loop
      execute 'alter ' || thing.named || ' owner to ' || quote_ident(${escapeLiteral(role)});
    end loop; end $$`;
}

/** Identifies the schema by the content of migrate.js, which refers to the files it loads by content hash. */
function schemaHash(app: string): string {
  return createHash('sha256')
    .update(readFileSync(join(app, 'migrate.js')))
    .digest('hex')
    .slice(0, 12);
}

import { type MigrationInterface, type QueryRunner } from 'typeorm';
import { type ColumnTypes, columnTypes } from './columns';
import { type DatabaseDriver } from '../connection/database-target';
import { forceRowLevelSecurity } from '../tenants/row-level-security';

export interface MigrationContext {
  readonly driver: DatabaseDriver;
  readonly types: ColumnTypes;
  /** Runs statements in order. */
  sql(...statements: string[]): Promise<void>;
  /** Forces row-level security on tenant-scoped tables. Does nothing on SQLite. */
  tenantScoped(...tables: string[]): Promise<void>;
}

/**
 * A migration written once for both databases. The class name ends with a number, and TypeORM orders
 * migrations by these numbers (`CreateTenants1700000000001`).
 */
export abstract class PortableMigration implements MigrationInterface {
  protected abstract apply(context: MigrationContext): Promise<void>;
  protected abstract revert(context: MigrationContext): Promise<void>;

  up(runner: QueryRunner): Promise<void> {
    return this.apply(contextOf(runner));
  }
  down(runner: QueryRunner): Promise<void> {
    return this.revert(contextOf(runner));
  }
}

function contextOf(runner: QueryRunner): MigrationContext {
  const driver: DatabaseDriver = runner.connection.options.type === 'postgres' ? 'postgres' : 'sqlite';
  const sql = async (...statements: string[]): Promise<void> => {
    for (const statement of statements) await runner.query(statement);
  };
  const tenantScoped = async (...tables: string[]): Promise<void> => {
    if (driver === 'postgres') for (const table of tables) await sql(...forceRowLevelSecurity(table));
  };
  return { driver, types: columnTypes(driver), sql, tenantScoped };
}

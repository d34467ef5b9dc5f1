import { Database } from '@atlas/persistence';
import { type DatabaseDriver, asAdmin } from '@atlas/testing';
import { type Type } from '@nestjs/common';
import { type ObjectLiteral } from 'typeorm';
import { type TestControlPlane } from './control-plane.fixture';

/** SQL for a copy's own values, by column. `n` is the number of the copy. */
type OwnValues = Readonly<Record<string, string>>;

/** Fills tables with copies of rows, by SQL. */
export class ManyRows {
  private readonly driver: DatabaseDriver;

  constructor(private readonly plane: TestControlPlane) {
    this.driver = plane.database.driver;
  }

  /** SQL for the id of row `n` of a kind. It is later than that of a lower `n`, and than any real id. */
  id(kind: number, n = 'n'): string {
    const head = `ffff${String(kind).padStart(4, '0')}-0000-7000-8000-`;
    return this.driver === 'postgres'
      ? `('${head}' || lpad(to_hex(${n}), 12, '0'))::uuid`
      : `printf('${head}%012x', ${n})`;
  }

  /** SQL for the first value in most rows, and for each of the others in one row of a thousand. */
  mostly(usual: string, ...others: readonly string[]): string {
    const cases = others.map((other, index) => `when ${7 * (index + 1)} then ${other}`);
    return `case n % 1000 ${cases.join(' ')} else ${usual} end`;
  }

  /** Copies a row that matches `where`. */
  async copy(entity: Type<ObjectLiteral>, where: string, count: number, own: OwnValues): Promise<void> {
    await this.plane.app.get(Database).write(async (manager) => {
      const { columns, tableName } = manager.connection.getMetadata(entity);
      const inserted = columns.filter(({ isInsert }) => isInsert).map(({ databaseName }) => databaseName);
      const values = inserted.map((name) => own[name] ?? `t."${name}"`);
      await manager.query(
        `with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < ${count})
          insert into ${tableName} (${inserted.map((name) => `"${name}"`).join(', ')})
          select ${values.join(', ')} from numbers, (select * from ${tableName} where ${where} limit 1) t`,
      );
    });
  }

  /** Tells Postgres's planner about the rows, as autovacuum does in production. */
  async settle(): Promise<void> {
    const { ownerUrl } = this.plane.database;
    if (ownerUrl) await asAdmin(ownerUrl, async (client) => void (await client.query('vacuum analyze')));
  }
}

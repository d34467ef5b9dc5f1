import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import { OWNER_ROLE, asAdmin } from './roles';
import { type TestDatabase, testServerUrl } from './test-database';

/** What a run keeps for all of its tests: made once, by a command that takes a second. */
export class KeptDatabase {
  constructor(
    /** A folder of the run's own. */
    private readonly run: string,
  ) {}

  /** Makes `database`, which is empty, what the kept one is. False while there is none. */
  async copyTo(database: TestDatabase): Promise<boolean> {
    if (database.driver === 'postgres') return this.cloneTo(nameOf(database));
    if (existsSync(this.file)) copyFileSync(this.file, database.url);
    return existsSync(this.file);
  }

  /** Keeps a copy of `database`, which nobody is connected to. Of several that are offered at once one is kept. */
  async keep(database: TestDatabase): Promise<void> {
    if (database.driver === 'postgres') return this.keepClone(nameOf(database));
    copyFileSync(database.url, `${this.file}.${process.pid}`);
    renameSync(`${this.file}.${process.pid}`, this.file);
  }

  private cloneTo(name: string): Promise<boolean> {
    return asAdmin(testServerUrl(), async (admin) => {
      const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [this.template]);
      if (!rowCount) return false;
      await admin.query(`drop database ${name}`);
      await admin.query(`create database ${name} owner ${OWNER_ROLE} template ${this.template}`);
      return true;
    });
  }

  private async keepClone(name: string): Promise<void> {
    const clone = `${this.template}_${process.pid}`;
    await asAdmin(testServerUrl(), async (admin) => {
      await admin.query(`create database ${clone} owner ${OWNER_ROLE} template ${name}`);
      await admin
        .query(`alter database ${clone} rename to ${this.template}`)
        .catch(() => admin.query(`drop database ${clone}`));
    });
  }

  private get file(): string {
    return join(this.run, 'kept.db');
  }

  private get template(): string {
    return `kept_${basename(this.run).toLowerCase().replaceAll(/\W/g, '_')}`;
  }
}

function nameOf({ url }: TestDatabase): string {
  return new URL(url).pathname.slice(1);
}

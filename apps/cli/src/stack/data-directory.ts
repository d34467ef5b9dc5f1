import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { probeFolder } from '@atlas/platform/storage-fault';
import { STACK_DATABASES, type StackDatabase } from './stack-options';

/** The folder in which the local stack keeps its persistent data. Only the folder's owner can read it. */
export class DataDirectory {
  readonly processList: string;
  readonly devStack: string;
  readonly postgres: string;

  constructor(readonly root: string) {
    this.processList = join(root, 'pids.json');
    this.devStack = join(root, 'dev-stack.json');
    this.postgres = join(root, 'postgres');
  }

  prepare(): void {
    probeFolder(this.root);
    for (const folder of [this.root, join(this.root, 'logs')]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      chmodSync(folder, 0o700);
    }
  }

  /**
   * The folder of the dedicated tenants on this machine. Each kind of database has its own folder.
   * In a shared folder, a stack would find planes of which its Control Plane has no record.
   */
  dedicated(database: StackDatabase): string {
    return join(this.root, database === 'sqlite' ? 'dedicated' : `dedicated-${database}`);
  }

  get dedicatedProcesses(): string[] {
    return STACK_DATABASES.map((database) => join(this.dedicated(database), 'processes.json'));
  }

  logFile(name: string): string {
    return join(this.root, 'logs', `${name}.log`);
  }

  sqliteFile(plane: 'control-plane' | 'tenant-plane'): string {
    return join(this.root, `${plane}.db`);
  }

  secrets(database: StackDatabase): string {
    return join(this.root, `secrets.${database}.json`);
  }

  /** The databases of this kind that an earlier stack left here. */
  existingDatabases(database: StackDatabase): string[] {
    const all =
      database === 'postgres'
        ? [this.postgres]
        : [this.sqliteFile('control-plane'), this.sqliteFile('tenant-plane')];
    return all.filter((path) => existsSync(path));
  }
}

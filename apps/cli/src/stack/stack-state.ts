import { randomBytes } from 'node:crypto';
import { CommandFailure } from '../failure';
import { type DataDirectory } from './data-directory';
import { readPrivateFile, writePrivateFile } from './private-file';
import { type StackDatabase } from './stack-options';
import { type StoryRecord } from './story/storyteller';

/**
 * All secrets of a stack, and what was created with them. Saved before use, so that the next start can
 * continue where an interrupted start stopped.
 */
export interface StackRecord {
  readonly sealingKey: string;
  readonly operator: { readonly email: string; readonly password: string };
  readonly isOperatorMade: boolean;
  readonly apiKey?: string;
  readonly postgres: PostgresPasswords;
  /** While false, the Postgres folder may be incomplete. */
  readonly isPostgresMade: boolean;
  readonly tenantPlane?: { readonly id: string; readonly env: Readonly<Record<string, string>> };
  readonly demoTenant?: DemoTenantRecord;
}

export interface PostgresPasswords {
  readonly superuser: string;
  readonly controlPlane: string;
  readonly tenantPlaneOwner: string;
  readonly tenantPlaneApp: string;
}

export interface DemoTenantRecord {
  readonly id: string;
  readonly adminEmail: string;
  readonly adminPassword: string;
  readonly token?: string;
  readonly story?: StoryRecord;
}

/** SQLite and Postgres stacks have separate records, so that both can exist side by side. */
export class StackState {
  private constructor(
    readonly file: string,
    private current: StackRecord,
  ) {}

  static open(data: DataDirectory, database: StackDatabase): StackState {
    const file = data.secrets(database);
    const known = readPrivateFile(file) as StackRecord | undefined;
    if (known) return new StackState(file, known);
    const [orphan] = data.existingDatabases(database);
    if (orphan)
      throw new CommandFailure(`${orphan} exists, but its keys (${file}) are missing.`, {
        code: 'keys_missing',
        hint: 'Restore the keys file, or move the database away.',
      });
    const record = newRecord();
    writePrivateFile(file, record, { isNew: true });
    return new StackState(file, record);
  }

  get record(): StackRecord {
    return this.current;
  }

  save(changes: Partial<StackRecord>): void {
    this.current = { ...this.current, ...changes };
    writePrivateFile(this.file, this.current);
  }
}

function newRecord(): StackRecord {
  return {
    sealingKey: `k1:${randomBytes(32).toString('base64')}`,
    operator: { email: 'owner@example.com', password: newPassword() },
    isOperatorMade: false,
    postgres: {
      superuser: newPassword(),
      controlPlane: newPassword(),
      tenantPlaneOwner: newPassword(),
      tenantPlaneApp: newPassword(),
    },
    isPostgresMade: false,
  };
}

/** A random password without characters that need quoting. */
export function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

import { Database, SecretBox } from '@atlas/persistence';
import { Secret } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { Placement } from '../registry/placement.entity';
import { redact } from '../sealing/redact';
import { SEALED_COLUMNS, type SealedColumn, placeIn } from '../sealing/sealed-columns';
import { spellingsOf } from '../sealing/spellings';
import { type ProvisioningJob } from './provisioning-job.entity';

type Subject = Pick<ProvisioningJob, 'tenantId' | 'tenantPlaneId'>;

/** Matches the names of secret environment variables and JWK members. */
const SECRET_FIELD = /(^d|TOKEN|SECRET|KEY|PASSWORD|DATABASE_URL)$/;

/**
 * Redacts the sealed values of a job's subject and the secrets in the configuration. A failing driver
 * may print any of them, so every failure message passes through here before it is stored or shown.
 */
@Injectable()
export class JobSecrets {
  private readonly configured: readonly string[];

  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
    config: ControlPlaneConfig,
  ) {
    this.configured = Object.entries(config).flatMap(([name, value]: [string, unknown]) =>
      value instanceof Secret ? wordsOf(name, value.reveal()) : [],
    );
  }

  /** Looks up the secrets again for each failure, because some may have been created a moment ago. */
  async redact(job: Subject, text: string): Promise<string> {
    const sealed = await this.database.read((manager) => this.sealedOf(manager, job));
    return redact(text, spellingsOf([...this.configured, ...sealed]));
  }

  private async sealedOf(manager: EntityManager, { tenantId, tenantPlaneId }: Subject): Promise<string[]> {
    const places = tenantId === null ? [] : await manager.findBy(Placement, { tenantId });
    const owners = new Set([tenantId, tenantPlaneId, ...places.map((place) => place.tenantPlaneId)]);
    const opened: string[] = [];
    for (const ownerId of owners)
      for (const column of SEALED_COLUMNS)
        if (ownerId !== null) opened.push(...(await this.openAll(manager, column, ownerId)));
    return opened;
  }

  private async openAll(manager: EntityManager, column: SealedColumn, ownerId: string): Promise<string[]> {
    const { table, column: value, row, owner } = column;
    if (owner === undefined) return [];
    const rows = await manager.query<{ row: string; sealed: string }[]>(
      `select cast(${row} as varchar) as "row", ${value} as sealed from ${table}
        where cast(${owner} as varchar) = $1 and ${value} <> ''`,
      [ownerId],
    );
    return rows.flatMap(({ row: rowId, sealed }) => {
      const opened = this.opened(sealed, placeIn(column, rowId, ownerId));
      return opened === null ? [] : secretsIn(value, opened);
    });
  }

  /** Null if the sealing key is missing. Without the key, nothing else can print the value either. */
  private opened(...sealed: Parameters<SecretBox['open']>): string | null {
    try {
      return this.box.open(...sealed).reveal();
    } catch {
      return null;
    }
  }
}

/** The secrets in a sealed value, which is either a secret or JSON with secret fields. */
function secretsIn(column: string, opened: string): string[] {
  if (!opened.startsWith('{')) return wordsOf(column, opened);
  const fields = Object.entries(JSON.parse(opened) as Record<string, unknown>);
  return fields.flatMap(([name, value]) => (SECRET_FIELD.test(name) ? wordsOf(name, String(value)) : []));
}

/**
 * The strings to redact for one value. If the value contains several sealing keys,
 * each key is also redacted on its own. The path of a database file is not a secret.
 */
function wordsOf(name: string, text: string): string[] {
  if (/url/i.test(name)) return text.includes('://') ? [text] : [];
  return [text, ...text.split(/[:,]/).filter((part) => part.length >= 16)];
}

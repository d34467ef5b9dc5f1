import { Database, SecretBox } from '@atlas/persistence';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { SEALED_COLUMNS, type SealedColumn, placeIn } from './sealed-columns';

const BATCH = 100;
const EVERY_MS = 3600_000;

interface Value {
  readonly row: string;
  readonly owner: string | null;
  readonly sealed: string;
}

export interface Resealed {
  readonly resealed: number;
  readonly unreadable: number;
}

/**
 * Reseals values that were sealed with a key other than the current one. It runs at startup,
 * because that is when keys change, and every hour, because a process with the previous keys
 * may have written values since. It reseals one value at a time, alongside all other work. A
 * value that changes in the meantime is left alone, and a killed process loses nothing.
 */
@Injectable()
export class Resealer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(Resealer.name);
  private timer?: NodeJS.Timeout;
  private turning: Promise<void> = Promise.resolve();
  private isEnding = false;

  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
  ) {}

  onApplicationBootstrap(): void {
    this.turning = this.turn();
    this.timer = setInterval(() => (this.turning = this.turning.then(() => this.turn())), EVERY_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isEnding = true;
    clearInterval(this.timer);
    await this.turning;
  }

  async reseal(): Promise<Resealed> {
    let [resealed, unreadable] = [0, 0];
    for (const column of SEALED_COLUMNS) {
      let values: Value[] = [];
      do {
        values = await this.sealedByOthers(column, values.at(-1)?.row);
        for (const value of values) {
          if (this.isEnding) return { resealed, unreadable };
          const outcome = await this.resealOne(column, value);
          if (outcome === 'resealed') resealed += 1;
          if (outcome === 'unreadable') unreadable += 1;
        }
      } while (values.length === BATCH);
    }
    return { resealed, unreadable };
  }

  private async turn(): Promise<void> {
    try {
      const { resealed, unreadable } = await this.reseal();
      const { keyId } = this.box;
      if (resealed > 0) this.logger.log(`Resealed ${resealed} values with key ${keyId}.`);
      if (unreadable > 0)
        this.logger.error(
          `${unreadable} sealed values cannot be decrypted. Add the key that sealed them to ` +
            'CONTROL_PLANE_SEALING_KEYS.',
        );
    } catch (error) {
      if (!this.isEnding)
        this.logger.warn(`Resealing stopped and will resume within the hour: ${(error as Error).message}`);
    }
  }

  /**
   * A batch of values that are not sealed with the current key,
   * ordered by row. If `after` is given, only later rows are included.
   */
  private sealedByOthers({ table, column, row, owner }: SealedColumn, after?: string): Promise<Value[]> {
    const { prefix } = this.box;
    const [ownerText, further] = [
      owner ? `cast(${owner} as varchar)` : 'null',
      after ? `and ${row} > $2` : '',
    ];
    return this.database.read((manager) =>
      manager.query<Value[]>(
        `select cast(${row} as varchar) as "row", ${ownerText} as owner, ${column} as sealed from ${table}
          where ${column} <> '' and substr(${column}, 1, ${prefix.length}) <> $1 ${further}
          order by ${row} limit ${BATCH}`,
        after ? [prefix, after] : [prefix],
      ),
    );
  }

  private async resealOne(
    column: SealedColumn,
    { row, owner, sealed }: Value,
  ): Promise<'resealed' | 'unreadable' | 'changed meanwhile'> {
    const place = placeIn(column, row, owner ?? undefined);
    let anew: string;
    try {
      anew = this.box.seal(this.box.open(sealed, place), place);
    } catch {
      return 'unreadable';
    }
    const isReplaced = await this.database.write((manager) =>
      replace(manager, column, row, { sealed, anew }),
    );
    return isReplaced ? 'resealed' : 'changed meanwhile';
  }
}

async function replace(
  manager: EntityManager,
  { table, column, row }: SealedColumn,
  rowId: string,
  { sealed, anew }: { readonly sealed: string; readonly anew: string },
): Promise<boolean> {
  const metadata = manager.connection.getMetadata(table);
  const property = (name: string): string => metadata.findColumnWithDatabaseName(name)?.propertyName ?? name;
  const where = { [property(row)]: rowId, [property(column)]: sealed };
  const { affected } = await manager.update(metadata.target, where, { [property(column)]: anew });
  return affected === 1;
}

import { type SealingKeyView } from '@atlas/operator-api';
import { Database, SecretBox } from '@atlas/persistence';
import { ApiBearerAuth, ApiTags } from '@atlas/platform';
import { Controller } from '@nestjs/common';
import { Requires } from '../access/access.decorators';
import { Serves } from '../access/serves';
import { SEALED_COLUMNS } from './sealed-columns';

@ApiTags('sealing')
@ApiBearerAuth()
@Controller()
export class SealingKeysController {
  constructor(
    private readonly database: Database,
    private readonly box: SecretBox,
  ) {}

  /** The configured keys, and those that sealed values still need. */
  @Requires('planes:read')
  @Serves('GET /api/sealing-keys')
  async list(): Promise<{ items: SealingKeyView[] }> {
    const counts = await this.counts();
    const ids = new Set([...this.box.keyIds, ...counts.keys()]);
    const items = [...ids].map((id) => ({
      id,
      seals: id === this.box.keyId,
      is_known: this.box.keyIds.includes(id),
      values: counts.get(id) ?? 0,
    }));
    return { items };
  }

  private async counts(): Promise<ReadonlyMap<string, number>> {
    const position = this.database.driver === 'postgres' ? 'strpos' : 'instr';
    const values = SEALED_COLUMNS.map(
      ({ table, column }) => `select substr(${column}, 4) as envelope from ${table} where ${column} <> ''`,
    );
    const rows = await this.database.read((manager) =>
      manager.query<{ id: string; count: number | string }[]>(
        `select substr(envelope, 1, ${position}(envelope, '.') - 1) as id, count(*) as count
           from (${values.join(' union all ')}) as sealed group by 1 order by 1`,
      ),
    );
    return new Map(rows.map(({ id, count }) => [id, Number(count)]));
  }
}

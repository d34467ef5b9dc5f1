import { Injectable } from '@nestjs/common';
import {
  type EntityManager,
  type EntityTarget,
  type FindManyOptions,
  type FindOptionsWhere,
  type ObjectLiteral,
  type SelectQueryBuilder,
} from 'typeorm';
import { translateFrozen } from './change-tracking';
import { Database } from '../database/database';
import { type RowValues, asTypeOrmWants } from '../rows/row-values';
import { insertRow, updateRows } from '../rows/rows';

/** A row that belongs to one tenant. */
export interface TenantOwned extends ObjectLiteral {
  tenantId: string;
}

type Unscoped<T> = Omit<RowValues<T>, 'tenantId'>;
type Where<T> = FindOptionsWhere<T> | FindOptionsWhere<T>[];

/**
 * Accesses the rows of one tenant. Every call adds the tenant predicate. On Postgres, row-level security is a
 * second line of defence.
 */
export class TenantScope {
  constructor(
    readonly tenantId: string,
    readonly manager: EntityManager,
  ) {}

  find<T extends TenantOwned>(entity: EntityTarget<T>, options: FindManyOptions<T> = {}): Promise<T[]> {
    return this.manager.find(entity, { ...options, where: this.own(options.where ?? {}) });
  }

  findOne<T extends TenantOwned>(entity: EntityTarget<T>, where: Where<T>): Promise<T | null> {
    return this.manager.findOne(entity, { where: this.own(where) });
  }

  exists<T extends TenantOwned>(entity: EntityTarget<T>, where: Where<T> = {}): Promise<boolean> {
    return this.manager.exists(entity, { where: this.own(where) });
  }

  insert<T extends TenantOwned>(entity: EntityTarget<T>, values: Unscoped<NoInfer<T>>): Promise<void> {
    return insertRow(this.manager, entity, this.ownRow<T>(values));
  }

  /** Inserts rows, replacing those with the same keys. Every column must be given. */
  async put<T extends TenantOwned>(
    entity: EntityTarget<T>,
    rows: readonly Unscoped<NoInfer<T>>[],
  ): Promise<void> {
    const { columns } = this.manager.connection.getMetadata(entity);
    const names = (isKey: boolean): string[] =>
      columns.filter((column) => column.isPrimary === isKey).map((column) => column.databaseName);
    await this.manager
      .createQueryBuilder()
      .insert()
      .into(entity)
      .values(rows.map((row) => asTypeOrmWants(this.ownRow<T>(row))))
      .orUpdate(names(false), names(true))
      .updateEntity(false)
      .execute();
  }

  /** Returns the number of updated rows. If a guarded update changes none, another transaction was faster. */
  update<T extends TenantOwned>(
    entity: EntityTarget<T>,
    where: FindOptionsWhere<NoInfer<T>>,
    changes: RowValues<NoInfer<T>>,
  ): Promise<number> {
    return updateRows(this.manager, entity, this.ownOne(where), changes);
  }

  async delete<T extends TenantOwned>(entity: EntityTarget<T>, where: FindOptionsWhere<T>): Promise<number> {
    const result = await this.manager.delete(entity, this.ownOne(where));
    return result.affected ?? 0;
  }

  /** A query that already has the tenant predicate. Add to it with `andWhere`. */
  query<T extends TenantOwned>(entity: EntityTarget<T>, alias: string): SelectQueryBuilder<T> {
    const { tenantId } = this;
    return this.manager
      .createQueryBuilder(entity, alias)
      .where(`${alias}.tenantId = :tenantId`, { tenantId });
  }

  /**
   * The next number in one of this tenant's series (1, 2, ...). There are no gaps even under concurrency,
   * because a number that is rolled back is issued again.
   */
  async nextNumber(series: string): Promise<number> {
    const rows = await this.manager.query<{ value: number | string }[]>(
      `insert into tenant_counters (tenant_id, series, value) values ($1, $2, 1)
       on conflict (tenant_id, series) do update set value = tenant_counters.value + 1 returning value`,
      [this.tenantId, series],
    );
    return Number(rows[0]?.value);
  }

  /** The cast is for the compiler, which cannot tell that every T has a `tenantId`. */
  private ownRow<T extends TenantOwned>(values: Unscoped<T>): RowValues<T> {
    return { ...values, tenantId: this.tenantId } as RowValues<T>;
  }

  private own<T extends TenantOwned>(where: Where<T>): Where<T> {
    return Array.isArray(where) ? where.map((one) => this.ownOne(one)) : this.ownOne(where);
  }

  private ownOne<T extends TenantOwned>(where: FindOptionsWhere<T>): FindOptionsWhere<T> {
    return { ...where, tenantId: this.tenantId } as FindOptionsWhere<T>;
  }
}

/** Units of work on behalf of one tenant. Without a tenant, every call throws. */
@Injectable()
export class TenantDatabase {
  constructor(private readonly database: Database) {}

  async read<T>(tenantId: string, work: (scope: TenantScope) => Promise<T>): Promise<T> {
    requireTenant(tenantId);
    return this.database.readAs(tenantId, (manager) => work(new TenantScope(tenantId, manager)));
  }

  /** Reads as one tenant from a single snapshot. May take a long time. */
  async snapshot<T>(tenantId: string, work: (scope: TenantScope) => Promise<T>): Promise<T> {
    requireTenant(tenantId);
    return this.database.snapshot(tenantId, (manager) => work(new TenantScope(tenantId, manager)));
  }

  /** See {@link Database.waitingWrites}. */
  waitingWrites(): Promise<unknown> {
    return this.database.waitingWrites();
  }

  async write<T>(tenantId: string, work: (scope: TenantScope) => Promise<T>): Promise<T> {
    requireTenant(tenantId);
    try {
      return await this.database.writeAs(tenantId, (manager) => work(new TenantScope(tenantId, manager)));
    } catch (error) {
      throw translateFrozen(error);
    }
  }
}

function requireTenant(tenantId: unknown): void {
  if (typeof tenantId !== 'string' || tenantId === '')
    throw new Error('No tenant was given for tenant-scoped rows.');
}

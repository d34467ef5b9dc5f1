import {
  TenantDatabase,
  type TenantScope,
  type UniqueRule,
  lockedForUpdate,
  violates,
} from '@atlas/persistence';
import { Clock, DomainError, type Page, pageOf } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import { CreateRelationshipDto, ListRelationshipsQuery, type RelationshipView } from '@atlas/tenant-api/cmdb';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { requireItems } from './item-locks';
import { Relationship } from './relationship.entity';

const RELATIONSHIP_RULE: UniqueRule = {
  name: 'ci_relationships_uq',
  table: 'ci_relationships',
  columns: ['tenant_id', 'from_id', 'to_id', 'type'],
};

/** Which configuration items need which others. */
@Injectable()
export class Relationships {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /**
   * Throws `self_relationship`, `configuration_item_not_found`, `configuration_item_archived`,
   * `min_up_mismatch` and `relationship_exists`.
   */
  async create(tenantId: string, dto: CreateRelationshipDto): Promise<RelationshipView> {
    const { from_id: fromId, to_id: toId, type, min_up: minUp = null } = dto;
    if (fromId === toId) throw selfRelationship();
    return this.tenants.write(tenantId, async (scope) => {
      // Exclusively, so that two concurrent relationships from one item agree on `min_up`.
      await requireItems(scope, [fromId, toId], 'update');
      const other = await scope.findOne(Relationship, { fromId, type });
      if (other && other.toId !== toId && other.minUp !== minUp) throw minUpMismatch(other);
      const now = this.clock.now();
      const row: Relationship = { tenantId, id: uuidv7(now), fromId, toId, type, minUp, createdAt: now };
      try {
        await scope.insert(Relationship, row);
      } catch (error) {
        throw violates(error, RELATIONSHIP_RULE) ? relationshipExists() : error;
      }
      await this.record(scope, 'ci_relationship.created', row, 'after');
      return relationshipView(row);
    });
  }

  async list(
    tenantId: string,
    { cursor, limit, item_id: itemId }: ListRelationshipsQuery,
  ): Promise<Page<RelationshipView>> {
    const rows = await this.tenants.read(tenantId, (scope) => {
      const query = scope
        .query(Relationship, 'edge')
        .orderBy('edge.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('edge.id < :cursor', { cursor });
      if (itemId) query.andWhere('(edge.fromId = :itemId or edge.toId = :itemId)', { itemId });
      return query.getMany();
    });
    return pageOf(rows, limit, relationshipView);
  }

  /** Throws `relationship_not_found`. */
  delete(tenantId: string, id: string): Promise<void> {
    return this.tenants.write(tenantId, async (scope) => {
      const row = await lockedForUpdate(scope.query(Relationship, 'edge').andWhere({ id })).getOne();
      if (!row) throw relationshipNotFound();
      await scope.delete(Relationship, { id });
      await this.record(scope, 'ci_relationship.deleted', row, 'before');
    });
  }

  private record(
    scope: TenantScope,
    action: string,
    { id, fromId, toId, type, minUp }: Relationship,
    when: 'before' | 'after',
  ): Promise<void> {
    const values = { from_id: fromId, to_id: toId, type, min_up: minUp };
    return this.audit.record(scope, { action, targetKind: 'ci_relationship', targetId: id, [when]: values });
  }
}

function relationshipView({ id, fromId, toId, type, minUp, createdAt }: Relationship): RelationshipView {
  return { id, from_id: fromId, to_id: toId, type, min_up: minUp, created_at: createdAt };
}

function selfRelationship(): DomainError {
  return new DomainError('self_relationship', 'unprocessable', 'An item cannot need itself.');
}

function minUpMismatch({ minUp, type }: Relationship): DomainError {
  const detail =
    `min_up must be the same on all relationships of the type ${type} from this item. The others have ` +
    `${minUp === null ? 'none' : `min_up ${minUp}`}.`;
  return new DomainError('min_up_mismatch', 'unprocessable', detail);
}

function relationshipExists(): DomainError {
  return new DomainError('relationship_exists', 'conflict', 'This relationship exists already.');
}

function relationshipNotFound(): DomainError {
  return new DomainError('relationship_not_found', 'not_found', 'There is no such relationship.');
}

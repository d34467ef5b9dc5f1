import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { type ImpactQuery, type ImpactView } from '@atlas/tenant-api/cmdb';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { itemNotFound } from './cmdb.errors';
import { ConfigurationItem } from './configuration-item.entity';
import { itemView } from './configuration-item.view';
import { NeedGraph } from './impact';
import { Relationship } from './relationship.entity';
import { relationshipView } from './relationships';

const LONGEST_PATH = 20;
/** How many items and relationships are read at most, so that one request cannot fill the memory. */
const MAX_ITEMS = 20_000;
const MAX_EDGES = 100_000;
/** Each dependency is tried on its own, so there are fewer of them. */
const MAX_DEPENDENCIES = 500;
const IDS_A_STATEMENT = 1000;

/** What is affected if a configuration item is down, and what it needs. */
@Injectable()
export class Impacts {
  constructor(private readonly tenants: TenantDatabase) {}

  /** Throws `configuration_item_not_found`. */
  of(
    tenantId: string,
    id: string,
    { direction = 'dependents', depth = LONGEST_PATH }: ImpactQuery,
  ): Promise<ImpactView> {
    return this.tenants.read(tenantId, async (scope) => {
      const root = await scope.findOne(ConfigurationItem, { id });
      if (!root) throw itemNotFound();
      const found = await edgesAround(scope, id, direction);
      const items = await itemsIn(scope, [id, ...found.flatMap(({ fromId, toId }) => [fromId, toId])]);
      const edges = found.filter(({ fromId, toId }) => items.has(fromId) && items.has(toId));
      const graph = new NeedGraph(edges);
      const distances = graph.distances(id, direction, Infinity);
      const shown = [...distances].filter(([, distance]) => distance > 0 && distance <= depth);
      const most = direction === 'dependents' ? MAX_ITEMS : MAX_DEPENDENCIES;
      const listed = shown.slice(0, most);
      const states = direction === 'dependents' ? graph.impactOf(id) : undefined;
      const ids = new Set([id, ...listed.map(([one]) => one)]);
      return {
        root: itemView(root),
        items: listed.flatMap(([one, distance]) => {
          const item = items.get(one);
          const state = states ? states.get(one) : graph.impactOf(one).get(id);
          if (!item || !state) return [];
          const { name, type, criticality } = item;
          return [{ id: one, name, type, criticality, depth: distance, state }];
        }),
        relationships: edges
          .filter(({ fromId, toId }) => ids.has(fromId) && ids.has(toId))
          .map(relationshipView),
        truncated: listed.length < distances.size - 1 || found.length === MAX_EDGES,
      };
    });
  }
}

/**
 * All relationships from the items that directly or indirectly need the item or, for `dependencies`, from the
 * items that it needs. Neither database allows aggregates in the recursive part, so states are derived later.
 */
async function edgesAround(
  scope: TenantScope,
  id: string,
  direction: 'dependents' | 'dependencies',
): Promise<Relationship[]> {
  const [near, far] = direction === 'dependents' ? ['to_id', 'from_id'] : ['from_id', 'to_id'];
  const rows = await scope.manager.query<Record<string, unknown>[]>(
    `with recursive reached (id) as (
       select id from configuration_items where tenant_id = $1 and id = $2
       union
       select edge.${far} from reached
         join ci_relationships edge on edge.tenant_id = $1 and edge.${near} = reached.id),
     looked_at (id) as (select id from reached limit ${MAX_ITEMS})
     select edge.id, edge.from_id, edge.to_id, edge.type, edge.min_up, edge.created_at
       from looked_at join ci_relationships edge on edge.tenant_id = $1 and edge.from_id = looked_at.id
      limit ${MAX_EDGES}`,
    [scope.tenantId, id],
  );
  const { columns } = scope.manager.connection.getMetadata(Relationship);
  const { driver } = scope.manager.connection;
  return rows.map((row) =>
    Object.assign(
      new Relationship(),
      Object.fromEntries(
        columns.map((column) => [
          column.propertyName,
          driver.prepareHydratedValue(row[column.databaseName], column),
        ]),
      ),
    ),
  );
}

/** The items that are not archived, by id. */
async function itemsIn(
  scope: TenantScope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ConfigurationItem>> {
  const all = [...new Set(ids)];
  const found = new Map<string, ConfigurationItem>();
  for (let from = 0; from < all.length; from += IDS_A_STATEMENT) {
    const rows = await scope
      .query(ConfigurationItem, 'item')
      .select(['item.tenantId', 'item.id', 'item.name', 'item.type', 'item.criticality', 'item.archivedAt'])
      .andWhere({ id: In(all.slice(from, from + IDS_A_STATEMENT)) })
      .getMany();
    for (const row of rows) if (row.archivedAt === null) found.set(row.id, row);
  }
  return found;
}

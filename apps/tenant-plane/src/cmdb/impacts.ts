import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { type ImpactQuery, type ImpactView } from '@atlas/tenant-api/cmdb';
import { Injectable } from '@nestjs/common';
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

type ItemFacts = Pick<ConfigurationItem, 'id' | 'name' | 'type' | 'criticality'>;

/** The items that are not archived, by id. The ids are one parameter, because there may be many. */
async function itemsIn(scope: TenantScope, ids: readonly string[]): Promise<ReadonlyMap<string, ItemFacts>> {
  const all = [...new Set(ids)];
  const isPostgres = scope.manager.connection.options.type === 'postgres';
  const rows = await scope.manager.query<ItemFacts[]>(
    `select id, name, type, criticality from configuration_items
      where tenant_id = $1 and archived_at is null
        and id ${isPostgres ? '= any ($2)' : 'in (select value from json_each($2))'}`,
    [scope.tenantId, isPostgres ? all : JSON.stringify(all)],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

import { setImmediate as nextTurn } from 'node:timers/promises';
import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { type ImpactQuery, type ImpactView, type ImpactedRelationshipView } from '@atlas/tenant-api/cmdb';
import { Injectable } from '@nestjs/common';
import { itemNotFound } from './cmdb.errors';
import { ConfigurationItem } from './configuration-item.entity';
import { itemView } from './configuration-item.view';
import { type Edge, type Impact, NeedGraph } from './impact';

const LONGEST_PATH = 20;

/** How much is read and shown at most, so that no request fills the memory or blocks the process. */
export const IMPACT_LIMITS = {
  items: 10_000,
  /** An item without relationships counts as one. */
  relationships: 50_000,
  /** Each dependency is tried on its own. */
  dependencies: 200,
};

type Direction = NonNullable<ImpactQuery['direction']>;

interface FoundEdge extends Edge {
  readonly id: string;
}

interface Surroundings {
  readonly root: ConfigurationItem;
  readonly edges: readonly FoundEdge[];
  readonly items: ReadonlyMap<string, ItemFacts>;
  /** Whether there are more relationships. If so, states may be worse than shown. */
  readonly isCut: boolean;
}

/** What is affected if a configuration item is down, and what it needs. */
@Injectable()
export class Impacts {
  constructor(private readonly tenants: TenantDatabase) {}

  /** Throws `configuration_item_not_found`. */
  async of(
    tenantId: string,
    id: string,
    { direction = 'dependents', depth = LONGEST_PATH }: ImpactQuery,
  ): Promise<ImpactView> {
    // Nothing is computed while the transaction is open.
    const { root, edges, items, isCut } = await this.tenants.read(tenantId, (scope) =>
      surroundingsOf(scope, id, direction),
    );
    const graph = new NeedGraph(edges);
    const distances = graph.distances(id, direction, Infinity);
    const near = [...distances].filter(([, distance]) => distance > 0 && distance <= depth);
    const { dependencies, items: most } = IMPACT_LIMITS;
    const listed = near.slice(0, direction === 'dependents' ? most : dependencies);
    const ids = listed.map(([one]) => one);
    const states = direction === 'dependents' ? graph.impactOf(id) : await statesOfRoot(graph, id, ids);
    const shown = new Set([id, ...ids]);
    return {
      root: itemView(root),
      items: listed.flatMap(([one, distance]) => {
        const [item, state] = [items.get(one), states.get(one)];
        if (!item || !state) return [];
        const { name, itemType: type, criticality } = item;
        return [{ id: one, name, type, criticality, depth: distance, state }];
      }),
      relationships: relationshipsAmong(shown, edges),
      truncated: isCut || listed.length < distances.size - 1,
    };
  }
}

function relationshipsAmong(
  shown: ReadonlySet<string>,
  edges: readonly FoundEdge[],
): ImpactedRelationshipView[] {
  const found: ImpactedRelationshipView[] = [];
  for (const { id, fromId, toId, type, minUp } of edges)
    if (shown.has(fromId) && shown.has(toId))
      found.push({ id, from_id: fromId, to_id: toId, type, min_up: minUp });
  return found;
}

/** The state of the root if each of these items alone is down. Other requests are served in between. */
async function statesOfRoot(
  graph: NeedGraph,
  root: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Impact>> {
  const states = new Map<string, Impact>();
  for (const id of ids) {
    const state = graph.impactOf(id).get(root);
    if (state) states.set(id, state);
    await nextTurn();
  }
  return states;
}

async function surroundingsOf(scope: TenantScope, id: string, direction: Direction): Promise<Surroundings> {
  const root = await scope.findOne(ConfigurationItem, { id });
  if (!root) throw itemNotFound();
  let rows = await rowsAround(scope, id, direction, 'as found');
  // Without an order, rows arrive while the database still looks for others.
  if (isTooLong(rows)) rows = await rowsAround(scope, id, direction, 'by item');
  const isCut = isTooLong(rows);
  const last = isCut ? rows.at(-1)?.fromId : undefined;
  const items = new Map<string, ItemFacts>();
  const edges: FoundEdge[] = [];
  for (const row of rows) {
    items.set(row.fromId, row);
    if (isEdge(row) && row.fromId !== last) edges.push(row);
  }
  return { root, edges, items, isCut };
}

/** An item, and one of the relationships from it. Null if it has none. */
interface FoundRow extends ItemFacts, Omit<FoundEdge, 'id' | 'toId'> {
  readonly id: string | null;
  readonly toId: string | null;
}

function isEdge(row: FoundRow): row is FoundRow & FoundEdge {
  return row.id !== null;
}

/**
 * The items that directly or indirectly need the item or, for `dependencies`, that it needs, with all
 * relationships from them. Archived items are left out. Neither database allows aggregates in the recursive
 * part, so states are derived later. In the order by item, only the last item's relationships may be
 * incomplete. Without `cross join`, which SQLite carries out in the order in which it is written, SQLite
 * compares all relationships of the tenant with each item.
 */
async function rowsAround(
  scope: TenantScope,
  id: string,
  direction: Direction,
  order: 'as found' | 'by item',
): Promise<FoundRow[]> {
  const [near, far] = direction === 'dependents' ? ['to_id', 'from_id'] : ['from_id', 'to_id'];
  return scope.manager.query<FoundRow[]>(
    `with recursive archived (id) as (
       select id from configuration_items where tenant_id = $1 and archived_at is not null),
     reached (id) as (
       select id from configuration_items where tenant_id = $1 and id = $2 and archived_at is null
       union
       select edge.${far} from reached cross join ci_relationships edge
         where edge.tenant_id = $1 and edge.${near} = reached.id
           and edge.${far} not in (select id from archived)),
     looked_at (id) as (select id from reached limit ${IMPACT_LIMITS.items + 2})
     select item.id as "fromId", item.name, item.type as "itemType", item.criticality,
         edge.id, edge.to_id as "toId", edge.type, edge.min_up as "minUp"
       from looked_at cross join configuration_items item
         left join ci_relationships edge on edge.tenant_id = $1 and edge.from_id = item.id
           and edge.to_id not in (select id from archived)
       where item.tenant_id = $1 and item.id = looked_at.id
      ${order === 'by item' ? 'order by item.id' : ''} limit ${IMPACT_LIMITS.relationships + 1}`,
    [scope.tenantId, id],
  );
}

function isTooLong(rows: readonly FoundRow[]): boolean {
  return rows.length > IMPACT_LIMITS.relationships;
}

interface ItemFacts extends Pick<ConfigurationItem, 'name' | 'criticality'> {
  readonly itemType: string;
}

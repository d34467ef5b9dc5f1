import { asAdmin } from '@atlas/testing';
import { type Bench } from './bench';
import { inDatabase, nameOf } from './database-url';
import { httpMessage } from './http/message';
import { loadTenants } from './isolation/tenant-rows';
import { type Line } from './line';
import { interleave } from './load/interleave';
import { describeLoad, runLoad } from './load/run-load';
import { medianRatio } from './load/statistics';
import { Observation } from './planes/observation';
import { startOfflineTenantPlane } from './planes/offline-tenant-plane';
import { Calls } from './product/calls';
import { loadItems } from './product/product-rows';
import { atMost, type Goal } from './goal';

/** By hand: the relationships of the items that depend on one, and what these items are. No states. */
const BY_HAND = `with recursive reached (id) as (
    select $2::uuid
    union
    select edge.from_id from reached
      join ci_relationships edge on edge.tenant_id = $1 and edge.to_id = reached.id)
  select item.id, item.name, item.type, item.criticality,
      edge.id as edge, edge.to_id, edge.type as edge_type, edge.min_up
    from reached
    join configuration_items item on item.tenant_id = $1 and item.id = reached.id
    join ci_relationships edge on edge.tenant_id = $1 and edge.from_id = item.id`;

export const P12B_IMPACT: Line = {
  name: 'P12b',
  title: 'impact of an item on 10,000 others: time as a multiple of one recursive query by hand',
  measure: measureImpact,
};

async function measureImpact(bench: Bench): Promise<readonly Goal[]> {
  const database = await bench.createDatabase();
  const adminUrl = inDatabase(await bench.postgresUrl(), nameOf(database.url));
  const plane = await startOfflineTenantPlane(bench, database);
  const [tenant] = await loadTenants(adminUrl, { tenants: 1, rows: 1 });
  if (!tenant) throw new Error('No tenant was loaded.');
  const { id, session } = tenant;
  const items = bench.size(10_000, 2000);
  const { rootId, relationships } = await loadItems(adminUrl, id, items);
  const url = new URL(`/api/cmdb/items/${rootId}/impact`, plane.url);
  const headers = { 'x-tenant-id': id, authorization: `Bearer ${session}` };
  const calls = new Calls(plane.url, 200, () => httpMessage({ method: 'GET', url, headers }));
  const load = { callers: 1, count: bench.size(5, 5) };
  const observed = new Observation(bench, [plane]);
  const rounds = await asAdmin(adminUrl, async (client) => {
    const byHand = () =>
      runLoad(load, async () => {
        const { rowCount } = await client.query(BY_HAND, [id, rootId]);
        if (rowCount !== relationships) throw new Error(`The query found ${rowCount} relationships.`);
      });
    await calls.load(load);
    await byHand();
    return interleave(bench.size(7, 3), {
      plane: () => observed.during(() => calls.load(load)),
      byHand,
    });
  });
  bench.fact('size', `${items} items, ${relationships} relationships`);
  bench.fact('as shipped', rounds.plane.map(describeLoad).join(' | '));
  bench.fact('by hand', rounds.byHand.map(describeLoad).join(' | '));
  observed.tell('as shipped');
  const [one, other] = [rounds.plane, rounds.byHand].map((all) => all.map(({ perSecond }) => 1 / perSecond));
  return [atMost('ratio', medianRatio(one ?? [], other ?? []), 3)];
}

import { eventually, type TestStack } from '@atlas/testing';
import { Client } from 'pg';
import { ProvisionRequests } from '../accept/provision-request';
import { type KeepAliveConnection, withConnections } from '../http/keep-alive-connection';
import { runLoad } from '../load/run-load';
import { SimulatedPlane } from '../signed/simulated-plane';

const CALLERS = 4;

export interface PlacedPlane {
  readonly plane: SimulatedPlane;
  readonly tenantId: string;
}

interface Placement {
  readonly tenant_id: string;
  readonly tenant_plane_id: string;
}

/**
 * Enrols `count` planes and provisions `count` tenants. Placement picks the emptiest plane each time, so each
 * plane gets one tenant.
 */
export async function placedPlanes(stack: TestStack, url: string, count: number): Promise<PlacedPlane[]> {
  const planes: SimulatedPlane[] = [];
  await runLoad({ callers: CALLERS, count }, async () => {
    planes.push(await SimulatedPlane.enrol(stack, 1));
  });
  const requests = new ProvisionRequests(stack);
  await withConnections(stack.controlPlane.url, CALLERS, (connections) =>
    runLoad({ callers: CALLERS, count }, async (caller) => {
      await requests.send(connections[caller] as KeepAliveConnection);
    }),
  );
  const tenants = await placements(url, count);
  return planes.map((plane) => ({ plane, tenantId: tenants.get(plane.id) ?? '' }));
}

/** Waits until all tenants have been published to their planes, and returns the tenant of each plane. */
async function placements(url: string, count: number): Promise<Map<string, string>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const sql = 'select tenant_id, tenant_plane_id from placements where entry_revision > 0';
  try {
    const rows = await eventually(
      async () => {
        const result = await client.query<Placement>(sql);
        return result.rows.length === count && result.rows;
      },
      { timeoutMs: 60_000, what: `${count} tenants are placed` },
    );
    return new Map(rows.map((row) => [row.tenant_plane_id, row.tenant_id]));
  } finally {
    await client.end();
  }
}

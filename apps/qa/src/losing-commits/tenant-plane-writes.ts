import { type Sender, nameOf } from '@atlas/isolation';
import { uuidv7 } from '@atlas/tenancy';
import { type TestStack } from '@atlas/testing';
import { type TenantRows } from '../tenant-rows';
import { storedRows } from '../writing/stored-rows';
import { TenantCalls, type WritingRoute, writingRoutes } from '../writing/tenant-calls';
import { type Prepared, type Write } from './tried';

/** Calls every route of the Tenant Plane that writes, each route for a separate tenant. */
export class TenantPlaneWrites {
  private readonly calls: TenantCalls;

  constructor(
    stack: TestStack,
    private readonly sender: Sender,
    private readonly disk: TenantRows,
  ) {
    this.calls = new TenantCalls(stack, disk);
  }

  all(): Write[] {
    return writingRoutes().map((route) => ({
      name: nameOf(route),
      isKeyed: route.isKeyed,
      prepare: () => this.prepare(route),
    }));
  }

  private async prepare(route: WritingRoute): Promise<Prepared> {
    const [call] = await this.calls.of([route], await this.calls.tenant());
    if (!call) throw new Error(`No call was prepared for ${nameOf(route)}.`);
    const { isKeyed, tenantId, request, isMeant } = call;
    const own = { ...request.headers, ...(isKeyed && { 'idempotency-key': uuidv7() }) };
    return {
      send: (headers) => this.sender.send({ ...request, headers: { ...own, ...headers } }),
      isMeant,
      rows: () => storedRows(this.disk, tenantId),
    };
  }
}

import { type Party } from '@atlas/isolation';
import { type TestStack, eventually } from '@atlas/testing';
import { signedUpTenant } from '../exporting/signed-up-tenant';

interface Run {
  readonly id: string;
  readonly status: string;
}

/** A tenant without operational data, and an archive that can be imported into it. */
interface EmptyTenant {
  readonly party: Party;
  readonly archive: Uint8Array;
}

/** Archives for tenants that nothing has been imported into. */
export class ImportedArchives {
  constructor(private readonly stack: TestStack) {}

  async emptyTenant(): Promise<EmptyTenant> {
    const { id: tenantId, slug, session, ask } = await signedUpTenant(this.stack, 'empty');
    const { id } = await ask<Run>('/api/exports', {});
    const isReady = async (): Promise<boolean> => (await ask<Run>(`/api/exports/${id}`)).status === 'ready';
    await eventually(isReady, { what: `the export ${id} is ready` });
    const headers = { authorization: `Bearer ${session}`, 'x-tenant-id': tenantId };
    const url = `http://127.0.0.1:${this.stack.tenantPlanePort}/api/exports/${id}/download`;
    const archive = new Uint8Array(await (await fetch(url, { headers })).arrayBuffer());
    const host = `${slug}.localhost:${this.stack.tenantPlanePort}`;
    return { party: { tenantId, slug, host, session, subjects: {} }, archive };
  }
}

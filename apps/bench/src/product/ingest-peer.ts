import { asAdmin, builtFile } from '@atlas/testing';
import { type Bench } from '../bench';
import { type LoadedTenant } from '../isolation/tenant-rows';
import { StartedProcess } from '../start/started-process';
import { alertCalls } from './alert-calls';
import { type Calls } from './calls';

/** An app that stores the alerts of a request with one insert, in a database of its own. */
export async function startIngestPeer(bench: Bench): Promise<StartedProcess> {
  const { ownerUrl = '' } = await bench.createDatabase();
  await asAdmin(ownerUrl, (owner) =>
    owner.query(
      `create table received (tenant_id uuid, fingerprint varchar, status varchar not null,
        labels jsonb not null, annotations jsonb, received_at timestamptz not null,
        primary key (tenant_id, fingerprint))`,
    ),
  );
  const file = builtFile('bench', 'empty-app/ingest-app.js');
  const peer = await StartedProcess.start(file, { DATABASE_URL: ownerUrl });
  bench.defer(() => peer.end());
  return peer;
}

export function peerCalls(url: string, alerts: number, tenants: readonly Pick<LoadedTenant, 'id'>[]): Calls {
  const ids = tenants.map(({ id }) => id);
  return alertCalls(url, alerts, ids, (id) => `/ingest/${id}`);
}

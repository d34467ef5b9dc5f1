import { type RowValues } from '@atlas/persistence';
import { type ReportRequest } from '@atlas/plane-contract';
import { type TenantPlane } from '../registry/tenant-plane.entity';

/** What a report says about the plane itself, as columns. */
export function factsOf(report: ReportRequest): RowValues<TenantPlane> {
  const { revision, version, health, sequence, stored_sequence, link_id, endpoint_url } = report;
  return {
    appliedRevision: revision,
    version,
    health,
    healthStatus: health.status ?? null,
    sequence,
    storedSequence: stored_sequence ?? null,
    linkId: link_id,
    ...(endpoint_url !== undefined && { reportedEndpointUrl: endpoint_url }),
  };
}

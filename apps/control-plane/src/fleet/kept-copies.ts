import { type KeepCopyDto, ORIGINAL_COPY, type TenantPlaneView } from '@atlas/operator-api';
import { Database, updateRows } from '@atlas/persistence';
import { Clock, DomainError } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { FORK_SHOWN_MS } from '../registry/health-class';
import { replacedBy } from '../registry/incarnations';
import { lockPlane } from '../registry/plane-lock';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { TenantPlanes } from './tenant-planes';

/** An operator decides which copy of a plane counts. */
@Injectable()
export class KeptCopies {
  constructor(
    private readonly database: Database,
    private readonly planes: TenantPlanes,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** Keeping the copy that counts already changes nothing. */
  keep(id: string, { copy }: KeepCopyDto): Promise<{ tenant_plane: TenantPlaneView }> {
    const incarnation = copy === ORIGINAL_COPY ? null : copy;
    return this.database.write(async (manager) => {
      const plane = await lockPlane(manager, id);
      if (plane.incarnation === incarnation) return { tenant_plane: await this.planes.view(manager, id) };
      if (!plane.replacedIncarnations.some((one) => one.incarnation === incarnation)) throw unknownCopy();
      const now = this.clock.now();
      // Whatever number this copy reports next is the newest.
      const order = { sequence: 0, storedSequence: null, missedSequences: [], lateLinkId: null };
      // As after a restore, the rows of this copy are not those that a running job has seen.
      const forkedAt = new Date(now.getTime() - FORK_SHOWN_MS);
      const kept = { ...replacedBy(plane, incarnation, now), ...order, forkedAt };
      await updateRows(manager, TenantPlane, { id }, kept);
      await this.audit.record(manager, {
        action: 'tenant_plane.copy_kept',
        targetKind: 'tenant_plane',
        targetId: id,
        before: { incarnation: plane.incarnation },
        after: { incarnation },
      });
      return { tenant_plane: await this.planes.view(manager, id) };
    });
  }
}

function unknownCopy(): DomainError {
  return new DomainError(
    'unknown_copy',
    'unprocessable',
    'The tenant plane has no such copy. GET /api/tenant-planes/<id> lists its replaced_copies.',
  );
}

import { Database, TenantDatabase, lockedForUpdate } from '@atlas/persistence';
import { DomainError } from '@atlas/platform';
import { type MoveView } from '@atlas/tenant-api/deployment';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { Deployment } from '../plane-identity/deployment';
import { Tenant } from '../tenancy/tenant.entity';

/** The moves away from this plane that the Control Plane has requested. */
@Injectable()
export class Moves {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantDatabase,
    private readonly deployment: Deployment,
    private readonly audit: Audit,
  ) {}

  async list(tenantId: string): Promise<MoveView[]> {
    const move = this.moveOf(
      await this.database.read((manager) => manager.findOneByOrFail(Tenant, { id: tenantId })),
    );
    return move ? [move] : [];
  }

  /** Consents to this move only, the one that the admin has seen. Another move needs its own consent. */
  consent(tenantId: string, seenId?: string): Promise<MoveView> {
    return this.tenants.write(tenantId, async (scope) => {
      const query = scope.manager.createQueryBuilder(Tenant, 'tenant').where({ id: tenantId });
      const move = this.moveOf(await lockedForUpdate(query).getOneOrFail());
      if (!move) throw new DomainError('no_move_pending', 'conflict', 'This tenant is not being moved.');
      if (seenId !== undefined && seenId !== move.transfer_id) throw moveReplaced();
      if (move.consented) return move;
      const { transfer_id: moveConsentId } = move;
      await scope.manager.update(Tenant, { id: tenantId }, { moveConsentId });
      const entry = { action: 'move.consented', targetKind: 'transfer', targetId: moveConsentId };
      await this.audit.record(scope, entry);
      return { ...move, consented: true };
    });
  }

  /** Whether the tenant's rows may leave this plane now. */
  mayLeave({ transfer, moveConsentId }: Tenant): boolean {
    return !this.isConsentRequired || moveConsentId === transfer?.id;
  }

  /** Customers back up their own planes, because the Control Plane could read a backup that is sent to it. */
  get mayBackUp(): boolean {
    return !this.isConsentRequired;
  }

  private moveOf({ transfer, moveConsentId }: Tenant): MoveView | null {
    if (transfer?.role !== 'source') return null;
    const consented = moveConsentId === transfer.id;
    return { transfer_id: transfer.id, consent_required: this.isConsentRequired, consented };
  }

  private get isConsentRequired(): boolean {
    return this.deployment.profile.runBy.tenantPlane === 'customer';
  }
}

function moveReplaced(): DomainError {
  const detail =
    'This consent is for a move that another one has replaced, so it was not recorded. Look at the current ' +
    'move (GET /api/moves), and consent to that one if you agree.';
  return new DomainError('move_replaced', 'conflict', detail);
}

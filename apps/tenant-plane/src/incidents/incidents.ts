import { TenantDatabase, lockedForUpdate } from '@atlas/persistence';
import { Clock, DomainError, type Page, pageOf } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import {
  CreateIncidentDto,
  ListIncidentsQuery,
  UpdateIncidentDto,
  type IncidentStatus,
  INCIDENT_MACHINE,
  type IncidentView,
} from '@atlas/tenant-api/incidents';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit';
import { Incident } from './incident.entity';
import { incidentView } from './incident.view';

@Injectable()
export class Incidents {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  create(tenantId: string, createdBy: string, dto: CreateIncidentDto): Promise<IncidentView> {
    return this.tenants.write(tenantId, async (scope) => {
      const now = this.clock.now();
      const incident: Incident = {
        tenantId,
        id: uuidv7(now),
        number: `INC-${String(await scope.nextNumber('incident')).padStart(8, '0')}`,
        title: dto.title.trim(),
        description: dto.description ?? null,
        severity: dto.severity,
        status: 'open',
        createdBy,
        createdAt: now,
        updatedAt: now,
        resolvedAt: null,
      };
      await scope.insert(Incident, incident);
      const after = { number: incident.number, severity: incident.severity };
      await this.audit.record(scope, {
        action: 'incident.created',
        targetKind: 'incident',
        targetId: incident.id,
        after,
      });
      return incidentView(incident);
    });
  }

  async list(tenantId: string, { cursor, limit, status }: ListIncidentsQuery): Promise<Page<IncidentView>> {
    const rows = await this.tenants.read(tenantId, (scope) => {
      const query = scope
        .query(Incident, 'incident')
        .orderBy('incident.id', 'DESC')
        .take(limit + 1);
      if (cursor) query.andWhere('incident.id < :cursor', { cursor });
      if (status) query.andWhere('incident.status = :status', { status });
      return query.getMany();
    });
    return pageOf(rows, limit, incidentView);
  }

  async get(tenantId: string, id: string): Promise<IncidentView> {
    const incident = await this.tenants.read(tenantId, (scope) => scope.findOne(Incident, { id }));
    if (!incident) throw incidentNotFound();
    return incidentView(incident);
  }

  update(tenantId: string, id: string, dto: UpdateIncidentDto): Promise<IncidentView> {
    return this.tenants.write(tenantId, async (scope) => {
      // Locked, so that the second of two concurrent updates starts from what the first one stored.
      const query = scope.query(Incident, 'incident').andWhere({ id });
      const incident = await lockedForUpdate(query).getOne();
      if (!incident) throw incidentNotFound();
      const before = incidentView(incident);
      const wanted = {
        ...dto,
        ...(dto.title && { title: dto.title.trim() }),
        ...this.transition(incident, dto.status),
      };
      if (changesNothing(incident, wanted)) return before;
      const changes = { ...wanted, updatedAt: this.clock.now() };
      await scope.update(Incident, { id }, changes);
      const after = incidentView({ ...incident, ...changes });
      await this.audit.record(scope, {
        action: 'incident.updated',
        targetKind: 'incident',
        targetId: id,
        before: { ...before },
        after: { ...after },
      });
      return after;
    });
  }

  private transition(incident: Incident, to: IncidentStatus | undefined): Partial<Incident> {
    if (to === undefined || to === incident.status) return {};
    if (!INCIDENT_MACHINE.can(incident.status, to)) {
      const allowed = INCIDENT_MACHINE.next(incident.status).join(' or ');
      throw new DomainError(
        'invalid_transition',
        'conflict',
        `An incident with status ${incident.status} can only change to ${allowed}.`,
      );
    }
    const isResolved = to === 'resolved' || to === 'closed';
    return { status: to, resolvedAt: isResolved ? (incident.resolvedAt ?? this.clock.now()) : null };
  }
}

function changesNothing(incident: Incident, wanted: Partial<Incident>): boolean {
  const merged = { ...incident, ...wanted };
  return Object.entries(incident).every(([name, value]) => merged[name as keyof Incident] === value);
}

function incidentNotFound(): DomainError {
  return new DomainError('incident_not_found', 'not_found', 'There is no such incident.');
}

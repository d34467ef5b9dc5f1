import { isDeepStrictEqual } from 'node:util';
import { Database, TenantDatabase, type TenantScope } from '@atlas/persistence';
import { Clock, DomainError, type Page, pageOf, validationFailed } from '@atlas/platform';
import { uuidv7 } from '@atlas/tenancy';
import {
  CreateIncidentDto,
  CreateNoteDto,
  ListIncidentsQuery,
  UpdateIncidentDto,
  type IncidentStatus,
  INCIDENT_MACHINE,
  type IncidentView,
  type TimelineItemView,
} from '@atlas/tenant-api/incidents';
import { Injectable } from '@nestjs/common';
import { Not } from 'typeorm';
import { Audit } from '../audit/audit';
import { differences } from '../audit/differences';
import { requireItems } from '../cmdb/item-locks';
import { includes } from '../credentials/permission';
import { type SignedInUser } from '../credentials/signed-in-user';
import { statusOf } from '../credentials/user-status';
import { User } from '../credentials/user.entity';
import { AffectedItem } from './affected-item.entity';
import { affectedItems, setAffectedItems } from './affected-items';
import { Incident } from './incident.entity';
import { READ_ALL_INCIDENTS, WRITE_INCIDENTS } from './incident-permissions';
import { incidentView } from './incident.view';
import { dueTimes, nextBreach, retargeted } from './sla';
import { SlaBreaches } from './sla-breaches';
import { slaPolicy } from './sla-policies';
import { containing } from './text-search';
import {
  type TimelineEntry,
  addToTimeline,
  incidentNotFound,
  lockedIncident,
  noteInTimeline,
  timelineItemView,
} from './timeline';
import { TimelineItem } from './timeline-item.entity';

type Reader = Pick<SignedInUser, 'id' | 'role'>;

@Injectable()
export class Incidents {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantDatabase,
    private readonly audit: Audit,
    private readonly breaches: SlaBreaches,
    private readonly clock: Clock,
  ) {}

  /** Throws `assignee_not_found` and `configuration_item_not_found`. */
  create(tenantId: string, createdBy: string, dto: CreateIncidentDto): Promise<IncidentView> {
    return this.tenants.write(tenantId, async (scope) => {
      const now = this.clock.now();
      const { ci_ids: ciIds = [], assignee_id: assigneeId = null } = dto;
      if (assigneeId) await requireAssignee(scope, assigneeId);
      // Before the number, which every other report of the tenant waits for.
      await requireItems(scope, ciIds);
      const policy = await slaPolicy(scope);
      const incident: Incident = {
        ...NEW_INCIDENT,
        ...dueTimes(policy, dto.severity, now),
        tenantId,
        id: uuidv7(now),
        number: `INC-${String(await scope.nextNumber('incident')).padStart(8, '0')}`,
        title: dto.title.trim(),
        description: dto.description ?? null,
        severity: dto.severity,
        createdBy,
        assigneeId,
        createdAt: now,
        updatedAt: now,
        slaPolicy: policy,
      };
      incident.slaDueAt = nextBreach(incident);
      const { severity, status, source } = incident;
      const created: TimelineEntry = { kind: 'created', by: createdBy, data: { severity, status, source } };
      const entries = [created, ...assignment(null, assigneeId, createdBy)];
      const { timelineLength } = await addToTimeline(scope, incident, now, entries);
      await scope.insert(Incident, { ...incident, timelineLength });
      await setAffectedItems(scope, incident.id, { before: [], after: ciIds }, now);
      await this.audit.record(scope, {
        action: 'incident.created',
        targetKind: 'incident',
        targetId: incident.id,
        after: { number: incident.number, severity: incident.severity },
      });
      return incidentView(incident, ciIds, now);
    });
  }

  /** Requesters see only the incidents that they reported. */
  list(tenantId: string, reader: Reader, query: ListIncidentsQuery): Promise<Page<IncidentView>> {
    return this.tenants.read(tenantId, async (scope) => {
      const rows = await this.filtered(scope, reader, query).getMany();
      const shown = rows.slice(0, query.limit);
      const items = await affectedItems(
        scope,
        shown.map(({ id }) => id),
      );
      const now = this.clock.now();
      return pageOf(rows, query.limit, (row) => incidentView(row, items.get(row.id) ?? [], now));
    });
  }

  /** Throws `incident_not_found`. */
  get(tenantId: string, reader: Reader, id: string): Promise<IncidentView> {
    return this.tenants.read(tenantId, async (scope) =>
      this.viewOf(scope, await visibleIncident(scope, reader, id)),
    );
  }

  /** Also throws `incident_not_found`, `invalid_transition` and `resolution_notes_required`; see `create`. */
  update(tenantId: string, by: string, id: string, dto: UpdateIncidentDto): Promise<IncidentView> {
    return this.tenants.write(tenantId, async (scope) => {
      const incident = await this.breaches.record(scope, await lockedIncident(scope, id));
      const now = this.clock.now();
      const before = await this.viewOf(scope, incident);
      const wanted = { ...fieldsOf(dto), ...transition(incident, dto.status, now) };
      const ciIds = merged(before.ci_ids, dto.ci_ids);
      if (changesNothing(incident, wanted) && isDeepStrictEqual(ciIds, before.ci_ids)) return before;
      const changed: Incident = { ...incident, ...wanted, updatedAt: now };
      if (changed.status === 'closed' && (incident.status !== 'closed' || dto.resolution_notes === null))
        requireResolutionNotes(changed);
      if (wanted.assigneeId && wanted.assigneeId !== incident.assigneeId)
        await requireAssignee(scope, wanted.assigneeId);
      await requireItems(
        scope,
        ciIds.filter((ciId) => !before.ci_ids.includes(ciId)),
      );
      if (changed.severity !== incident.severity)
        Object.assign(changed, retargeted(incident, changed.severity, now));
      changed.slaDueAt = nextBreach(changed);
      const { timelineLength } = await addToTimeline(scope, incident, now, changesOf(incident, changed, by));
      await scope.update(Incident, { id }, { ...changed, timelineLength });
      await setAffectedItems(scope, id, { before: before.ci_ids, after: ciIds }, now);
      const after = incidentView(changed, ciIds, now);
      await this.audit.record(scope, {
        action: 'incident.updated',
        targetKind: 'incident',
        targetId: id,
        ...differences(before, after),
      });
      return after;
    });
  }

  /** Throws `incident_not_found`. */
  addNote(tenantId: string, by: string, id: string, { text }: CreateNoteDto): Promise<TimelineItemView> {
    return this.tenants.write(tenantId, async (scope) => {
      const note: TimelineEntry = { kind: 'note', by, data: { text } };
      const item = await noteInTimeline(scope, id, this.clock.now(), note);
      const entry = { action: 'incident.note_added', targetKind: 'incident', targetId: id };
      await this.audit.record(scope, { ...entry, after: { timeline_item_id: item.id } });
      return timelineItemView(item);
    });
  }

  /** Oldest first. Requesters do not see notes. Throws `incident_not_found`. */
  timeline(
    tenantId: string,
    reader: Reader,
    id: string,
    { cursor, limit }: { readonly cursor?: string; readonly limit: number },
  ): Promise<Page<TimelineItemView>> {
    return this.tenants.read(tenantId, async (scope) => {
      await visibleIncident(scope, reader, id);
      const query = scope
        .query(TimelineItem, 'item')
        .andWhere('item.incidentId = :id', { id })
        .orderBy('item.position')
        .take(limit + 1);
      if (!includes(reader.role, READ_ALL_INCIDENTS)) query.andWhere({ kind: Not('note') });
      if (cursor) {
        const last = await scope.findOne(TimelineItem, { id: cursor, incidentId: id });
        if (!last) throw validationFailed([{ field: 'cursor', message: 'cursor is not from this timeline' }]);
        query.andWhere('item.position > :position', { position: last.position });
      }
      return pageOf(await query.getMany(), limit, timelineItemView);
    });
  }

  private async viewOf(scope: TenantScope, incident: Incident): Promise<IncidentView> {
    const items = await affectedItems(scope, [incident.id]);
    return incidentView(incident, items.get(incident.id) ?? [], this.clock.now());
  }

  private filtered(scope: TenantScope, reader: Reader, filter: ListIncidentsQuery) {
    const { cursor, limit, status, severity, q } = filter;
    const query = scope
      .query(Incident, 'incident')
      .orderBy('incident.id', 'DESC')
      .take(limit + 1);
    if (cursor) query.andWhere('incident.id < :cursor', { cursor });
    if (status) query.andWhere({ status });
    if (severity) query.andWhere({ severity });
    if (filter.assignee_id) query.andWhere({ assigneeId: filter.assignee_id });
    if (!includes(reader.role, READ_ALL_INCIDENTS)) query.andWhere({ createdBy: reader.id });
    if (filter.ci_id) {
      const affected = query
        .subQuery()
        .select('item.incidentId')
        .from(AffectedItem, 'item')
        .where('item.tenantId = :tenantId and item.itemId = :ciId');
      query.andWhere(`incident.id in ${affected.getQuery()}`, { ciId: filter.ci_id });
    }
    if (q !== undefined) {
      const { operator, pattern } = containing(this.database.driver, q);
      const columns = ['title', 'description', 'number'];
      const conditions = columns.map((column) => `incident.${column} ${operator} :pattern`);
      query.andWhere(`(${conditions.join(' or ')})`, { pattern });
    }
    return query;
  }
}

const NEW_INCIDENT = {
  status: 'open',
  source: 'manual',
  alertCount: 0,
  acknowledgedAt: null,
  resolvedAt: null,
  closedAt: null,
  resolutionNotes: null,
  rootCause: null,
  respondedAt: null,
  responseBreachedAt: null,
  resolutionBreachedAt: null,
  slaDueAt: null,
  timelineLength: 0,
} satisfies Partial<Incident>;

/** Requesters cannot tell another user's incident from one that does not exist. */
async function visibleIncident(
  scope: TenantScope,
  { id: userId, role }: Reader,
  id: string,
): Promise<Incident> {
  const isEverything = includes(role, READ_ALL_INCIDENTS);
  const incident = await scope.findOne(Incident, isEverything ? { id } : { id, createdBy: userId });
  if (!incident) throw incidentNotFound();
  return incident;
}

async function requireAssignee(scope: TenantScope, id: string): Promise<void> {
  const user = await scope.findOne(User, { id });
  if (user && statusOf(user) === 'active' && includes(user.role, WRITE_INCIDENTS)) return;
  const detail = `assignee_id must name an active user whose role includes ${WRITE_INCIDENTS.name}.`;
  throw new DomainError('assignee_not_found', 'unprocessable', detail);
}

function fieldsOf(dto: UpdateIncidentDto): Partial<Incident> {
  const { title, description, severity, assignee_id, resolution_notes, root_cause } = dto;
  return {
    ...(title !== undefined && { title: title.trim() }),
    ...(description !== undefined && { description }),
    ...(severity !== undefined && { severity }),
    ...(assignee_id !== undefined && { assigneeId: assignee_id }),
    ...(resolution_notes !== undefined && { resolutionNotes: resolution_notes }),
    ...(root_cause !== undefined && { rootCause: root_cause }),
  };
}

/** What a change of status changes. Throws `invalid_transition`. */
function transition(incident: Incident, to: IncidentStatus | undefined, now: Date): Partial<Incident> {
  if (to === undefined || to === incident.status) return {};
  if (!INCIDENT_MACHINE.can(incident.status, to)) {
    const allowed = INCIDENT_MACHINE.next(incident.status).join(' or ');
    throw new DomainError(
      'invalid_transition',
      'conflict',
      `An incident with status ${incident.status} can only change to ${allowed}.`,
    );
  }
  const { acknowledgedAt, respondedAt, resolvedAt } = incident;
  const isResolved = to === 'resolved' || to === 'closed';
  const isAcknowledged = to === 'acknowledged' || to === 'investigating';
  return {
    status: to,
    acknowledgedAt: isAcknowledged ? (acknowledgedAt ?? now) : acknowledgedAt,
    respondedAt: isAcknowledged || isResolved ? (respondedAt ?? now) : respondedAt,
    resolvedAt: isResolved ? (resolvedAt ?? now) : null,
    closedAt: to === 'closed' ? now : null,
  };
}

function requireResolutionNotes({ resolutionNotes }: Incident): void {
  if (resolutionNotes !== null) return;
  const detail = 'An incident can be closed only with resolution_notes. Send them with this request.';
  throw new DomainError('resolution_notes_required', 'unprocessable', detail);
}

function changesOf(before: Incident, after: Incident, by: string): TimelineEntry[] {
  const change = (kind: 'status' | 'severity'): TimelineEntry[] =>
    before[kind] === after[kind] ? [] : [{ kind, by, data: { from: before[kind], to: after[kind] } }];
  return [...change('status'), ...change('severity'), ...assignment(before.assigneeId, after.assigneeId, by)];
}

function assignment(from: string | null, to: string | null, by: string): TimelineEntry[] {
  return from === to ? [] : [{ kind: 'assigned', by, data: { from, to } }];
}

function changesNothing(incident: Incident, wanted: Partial<Incident>): boolean {
  const merged = { ...incident, ...wanted };
  return Object.entries(incident).every(([name, value]) => merged[name as keyof Incident] === value);
}

/** The wanted items: those that were there already, then the others, as they will be read back. */
function merged(before: readonly string[], wanted: readonly string[] = before): readonly string[] {
  const kept = before.filter((id) => wanted.includes(id));
  return [...kept, ...wanted.filter((id) => !before.includes(id))];
}

import { isDeepStrictEqual } from 'node:util';
import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import {
  Clock,
  DomainError,
  type Page,
  pageOf,
  validationFailed,
  type ExpectedVersion,
} from '@atlas/platform';
import {
  CreateIncidentDto,
  CreateNoteDto,
  ListIncidentsQuery,
  UpdateIncidentDto,
  type IncidentSummaryView,
  type IncidentView,
  type TimelineItemView,
} from '@atlas/tenant-api/incidents';
import { Injectable } from '@nestjs/common';
import { Not } from 'typeorm';
import { Audit } from '../audit/audit';
import { differences } from '../audit/differences';
import { requireItems } from '../cmdb/item-locks';
import { WRITE_INCIDENTS, includes } from '../credentials/permission';
import { isAssignable } from '../credentials/user-status';
import { User } from '../credentials/user.entity';
import { affectedItems } from './affected-items';
import { changesNothing, fieldsOf, merged, requireResolutionNotes, transition } from './incident-changes';
import { type Reader, incidentsMatching } from './incident-filter';
import { summaryOf } from './incident-summary';
import { Incident } from './incident.entity';
import { READ_ALL_INCIDENTS } from './incident-permissions';
import { incidentView } from './incident.view';
import { insertIncident } from './new-incident';
import { SlaBreaches } from './sla-breaches';
import { storeChange } from './stored-changes';
import {
  type TimelineEntry,
  incidentNotFound,
  lockedIncident,
  noteInTimeline,
  timelineItemView,
} from './timeline';
import { TimelineItem } from './timeline-item.entity';

@Injectable()
export class Incidents {
  constructor(
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
      const incident = await insertIncident(scope, now, {
        title: dto.title.trim(),
        description: dto.description ?? null,
        severity: dto.severity,
        status: 'open',
        source: 'manual',
        createdBy,
        assigneeId,
        ciIds,
      });
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
      const now = this.clock.now();
      const rows = await incidentsMatching(scope, reader, query, now).getMany();
      const shown = rows.slice(0, query.limit);
      const items = await affectedItems(
        scope,
        shown.map(({ id }) => id),
      );
      return pageOf(rows, query.limit, (row) => incidentView(row, items.get(row.id) ?? [], now));
    });
  }

  summary(tenantId: string, reader: Reader): Promise<IncidentSummaryView> {
    return this.tenants.read(tenantId, (scope) => summaryOf(scope, reader, this.clock.now()));
  }

  /** Throws `incident_not_found`. */
  get(tenantId: string, reader: Reader, id: string): Promise<IncidentView> {
    return this.tenants.read(tenantId, async (scope) =>
      this.viewOf(scope, await visibleIncident(scope, reader, id)),
    );
  }

  /**
   * Also throws `incident_not_found`, `changed_meanwhile`, `invalid_transition` and
   * `resolution_notes_required`; see `create`.
   */
  update(
    tenantId: string,
    by: string,
    id: string,
    dto: UpdateIncidentDto,
    expected: ExpectedVersion<IncidentView>,
  ): Promise<IncidentView> {
    return this.tenants.write(tenantId, async (scope) => {
      const incident = await this.breaches.record(scope, await lockedIncident(scope, id));
      const now = this.clock.now();
      const before = await this.viewOf(scope, incident);
      expected.require(before);
      const wanted = { ...fieldsOf(dto), ...transition(incident, dto.status, now) };
      const ciIds = merged(before.ci_ids, dto.ci_ids);
      if (changesNothing(incident, wanted) && isDeepStrictEqual(ciIds, before.ci_ids)) return before;
      const changed: Incident = { ...incident, ...wanted };
      if (changed.status === 'closed' && (incident.status !== 'closed' || dto.resolution_notes === null))
        requireResolutionNotes(changed);
      if (wanted.assigneeId && wanted.assigneeId !== incident.assigneeId)
        await requireAssignee(scope, wanted.assigneeId);
      await requireItems(
        scope,
        ciIds.filter((ciId) => !before.ci_ids.includes(ciId)),
      );
      const items = { before: before.ci_ids, after: ciIds };
      const stored = await storeChange(scope, now, incident, { changed, by, items });
      const after = incidentView(stored, ciIds, now);
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
}

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
  if (user && isAssignable(user)) return;
  const detail = `assignee_id must name an active user whose role includes ${WRITE_INCIDENTS.name}.`;
  throw new DomainError('assignee_not_found', 'unprocessable', detail);
}

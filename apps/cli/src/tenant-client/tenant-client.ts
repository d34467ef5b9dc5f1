import { type AccountsApi } from '@atlas/tenant-api/accounts';
import { type AgentsApi } from '@atlas/tenant-api/agents';
import { type AlertsApi } from '@atlas/tenant-api/alerts';
import { type AutomationApi } from '@atlas/tenant-api/automation';
import { type CmdbApi } from '@atlas/tenant-api/cmdb';
import { type DataSourcesApi } from '@atlas/tenant-api/data-sources';
import { type EntitlementsApi } from '@atlas/tenant-api/entitlements';
import { type IncidentsApi } from '@atlas/tenant-api/incidents';
import { type OutageApi } from '@atlas/tenant-api/outage';
import { type RunbooksApi } from '@atlas/tenant-api/runbooks';
import { type SlosApi } from '@atlas/tenant-api/slos';
import { type AnswerOf, type Json } from '@atlas/platform';
import { ApiClient } from '../control-plane/api-client';
import { type ServerEvent, readEvents } from '../control-plane/event-stream';
import { callJson, callText } from '../control-plane/http-call';
import { requestLine } from '../control-plane/request-line';

export interface TenantApi
  extends
    AccountsApi,
    AgentsApi,
    AlertsApi,
    AutomationApi,
    CmdbApi,
    DataSourcesApi,
    EntitlementsApi,
    IncidentsApi,
    OutageApi,
    RunbooksApi,
    SlosApi {}

export type TenantCall = keyof TenantApi;

/** The API of a tenant, called with a session of one of its users. */
export class TenantClient extends ApiClient<TenantApi> {
  /** Sends fields, which the plane checks, in the query of a GET, or else in the body. */
  ask<Key extends TenantCall>(
    operation: Key,
    id: string,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<Json<AnswerOf<TenantApi[Key]>>> {
    const isRead = operation.startsWith('GET ');
    const { method, target } = requestLine(operation, { path: { id }, query: isRead ? fields : {} });
    const body = isRead || method === 'DELETE' ? undefined : fields;
    const { url, ...connection } = this.connection;
    return callJson({ ...connection, method, url: url + target, body });
  }

  /** Yields server-sent events until the stream ends, from the one after `lastId`. */
  events(operation: TenantCall, id: string, lastId: string | undefined): AsyncGenerator<ServerEvent> {
    const { url, headers, signal } = this.connection;
    const { target } = requestLine(operation, { path: { id } });
    const from: Record<string, string> = lastId === undefined ? {} : { 'last-event-id': lastId };
    return readEvents(url + target, { ...headers, ...from }, signal);
  }

  text(operation: TenantCall, id: string): Promise<string> {
    const { method, target } = requestLine(operation, { path: { id } });
    const { url, ...connection } = this.connection;
    return callText({ ...connection, method, url: url + target });
  }
}

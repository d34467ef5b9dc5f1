import { type AccountsApi } from './accounts';
import { type AiApi } from './ai';
import { type AuditApi } from './audit';
import { type EntitlementsApi } from './entitlements';
import { type EventsApi } from './events';
import { type JobsApi } from './jobs';
import { type OperationsApi } from './operations';
import { type OverviewApi } from './overview';
import { type ReconciliationApi } from './reconciliation';
import { type RoutingApi } from './routing';
import { type SignupApi } from './signup';
import { type TenantPlanesApi } from './tenant-planes';
import { type TenantsApi } from './tenants';

/**
 * The API of the Control Plane for Atlas operators and prospects. docs/openapi is generated from this
 * interface.
 */
export interface OperatorApi
  extends
    AccountsApi,
    AiApi,
    AuditApi,
    EntitlementsApi,
    EventsApi,
    JobsApi,
    OperationsApi,
    OverviewApi,
    ReconciliationApi,
    RoutingApi,
    SignupApi,
    TenantPlanesApi,
    TenantsApi {}

import { type TenantLeaseView, type TenantView } from '@atlas/operator-api';
import { claimsOf, issuedAtOf, readOnlyFrom } from '../desired-state/leases';
import { type Tenant } from '../registry/tenant.entity';

export function tenantView(tenant: Tenant, tenantPlaneId: string | null): TenantView {
  const isSuspended = tenant.status === 'suspended';
  return {
    id: tenant.id,
    slug: tenant.slug,
    name: tenant.name,
    deployment_model: tenant.deploymentModel,
    status: tenant.status,
    plan: tenant.plan,
    plan_overrides: tenant.planOverrides,
    billing: {
      state: tenant.billingState,
      past_due_since: tenant.pastDueSince,
      read_only_from: tenant.pastDueSince && readOnlyFrom(tenant.pastDueSince),
    },
    lease: tenantPlaneId === null ? null : leaseView(tenant, tenantPlaneId),
    region: tenant.region,
    settings: tenant.settings,
    source: tenant.source,
    admin_email: tenant.adminEmail,
    po_number: tenant.poNumber,
    url: tenant.url,
    endpoint_url: tenant.endpointUrl,
    has_db_url: tenant.dbUrlSealed !== null,
    tenant_plane_id: tenantPlaneId,
    created_at: tenant.createdAt,
    updated_at: tenant.updatedAt,
    active_at: tenant.activeAt,
    // Kept longer: a restore may return the tenant as it was, suspended.
    suspended_at: isSuspended ? tenant.suspendedAt : null,
    suspension_reason: isSuspended ? tenant.suspensionReason : null,
    restorable_until: tenant.restorableUntil,
  };
}

function leaseView(tenant: Tenant, tenantPlaneId: string): TenantLeaseView {
  const { serial, exp } = claimsOf(tenant, tenantPlaneId);
  return { serial, issued_at: issuedAtOf(tenant), expires_at: new Date(exp * 1000) };
}

import { type JobView, type StepView, type TenantView } from '../src/control-plane/views';

const AT = '2026-01-01T00:00:00.000Z';

export function stepView(given: Partial<StepView> = {}): StepView {
  return {
    name: 'reserve-place',
    status: 'done',
    attempt: 1,
    started_at: AT,
    finished_at: AT,
    outputs: {},
    error: null,
    waiting_for: null,
    ...given,
  };
}

export function jobView(given: Partial<JobView> = {}): JobView {
  return {
    id: 'job-1',
    operation: 'provision',
    status: 'running',
    direction: 'run',
    tenant_id: 'tenant-1',
    tenant_slug: 'demo',
    tenant_plane_id: null,
    steps: [stepView()],
    error: null,
    created_at: AT,
    finished_at: null,
    ...given,
  };
}

export function tenantView(given: Partial<TenantView> = {}): TenantView {
  return {
    id: 'tenant-1',
    slug: 'demo',
    name: 'Demo',
    deployment_model: 'shared',
    status: 'active',
    plan: 'core',
    plan_overrides: null,
    billing: { state: 'ok', past_due_since: null, read_only_from: null },
    lease: null,
    region: null,
    settings: {},
    source: 'api',
    admin_email: 'admin@demo.example.com',
    po_number: null,
    url: null,
    endpoint_url: null,
    has_db_url: false,
    tenant_plane_id: null,
    created_at: AT,
    updated_at: AT,
    active_at: null,
    suspended_at: null,
    suspension_reason: null,
    restorable_until: null,
    ...given,
  };
}

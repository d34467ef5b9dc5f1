import { type AuditRecord } from '@atlas/platform/audit-chain';
import { type JWK } from 'jose';

/** What the commands read of the Control Plane's answers; docs/openapi has all of it. */
export interface TenantView {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly deployment_model: string;
  readonly status: string;
  readonly plan: string;
  readonly region: string | null;
  readonly admin_email: string;
  readonly po_number: string | null;
  readonly url: string | null;
  readonly endpoint_url: string | null;
  readonly tenant_plane_id: string | null;
  readonly created_at: string;
  readonly active_at: string | null;
  /** Of a deprovisioned tenant: until then it can be restored. */
  readonly restorable_until?: string | null;
}

export interface TenantPlaneView {
  readonly id: string;
  readonly name: string;
  readonly deployment_model: string;
  readonly status: string;
  readonly health: string;
  readonly health_status?: string | null;
  readonly health_checks?: readonly { readonly name: string; readonly status: string }[];
  readonly region: string | null;
  readonly capacity: number;
  readonly tenants: number;
  readonly accepts_tenants?: boolean;
  readonly version: string | null;
  readonly version_class?: string | null;
  readonly revision: number;
  readonly revision_applied: string | null;
  readonly identity_forked: boolean;
  readonly last_report_at: string | null;
}

export interface OperatorView {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
  readonly created_at: string;
  readonly disabled_at: string | null;
  readonly has_password: boolean;
  readonly single_sign_on: { readonly issuer: string } | null;
}

export interface ApiKeyView {
  readonly id: string;
  readonly name: string;
  readonly operator_id: string;
  readonly parent_id: string | null;
  readonly scopes: readonly string[];
  readonly expires_at: string;
  readonly last_used_at: string | null;
  readonly revoked_at: string | null;
}

export interface DriftView {
  readonly id: string;
  readonly kind: string;
  readonly subject: { readonly kind: string; readonly id: string };
  readonly detail: string;
  readonly first_seen_at: string;
  readonly resolved_at: string | null;
  readonly repaired: boolean;
}

export interface SealingKeyView {
  readonly id: string;
  readonly seals: boolean;
  readonly is_known: boolean;
  readonly values: number;
}

/** The outcome of a reconciliation. */
export interface LookView {
  readonly looked_at: number;
  readonly found: number;
  readonly repaired: number;
  readonly gone: number;
  readonly not_looked_at: readonly string[];
}

export interface AuditView extends AuditRecord {
  readonly tenant_slug?: string | null;
}

export interface CertificateView {
  /** A JWS. */
  readonly certificate: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly public_key?: JWK;
}

export interface ErrorView {
  readonly code: string;
  readonly detail: string;
  readonly class: string;
  /** Who has to do what. */
  readonly fix: string;
}

export interface StepView {
  readonly name: string;
  readonly status: string;
  readonly attempt: number;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly error: ErrorView | null;
  readonly waiting_for?: string | null;
}

export interface JobView {
  readonly id: string;
  readonly operation: string;
  readonly status: string;
  readonly tenant_id: string | null;
  readonly tenant_slug?: string | null;
  readonly tenant_plane_id: string | null;
  readonly steps: readonly StepView[];
  readonly error: ErrorView | null;
  readonly created_at: string;
  readonly finished_at: string | null;
}

/** Shown only once. */
export interface Install {
  readonly expires_at: string;
  readonly env: Readonly<Record<string, string>>;
  readonly commands: { readonly docker: string; readonly npx: string };
}

export interface PlanView {
  readonly plan: {
    readonly steps: readonly {
      readonly name: string;
      readonly description: string;
      readonly creates: readonly string[];
    }[];
    readonly install_required: boolean;
    /** Of an upgrade: the new version. */
    readonly to?: string;
    /** Of an upgrade in waves: which tenant planes are upgraded together. */
    readonly waves?: readonly (readonly Pick<TenantPlaneView, 'name' | 'version'>[])[];
  };
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next_cursor: string | null;
}

export function isLive({ status }: JobView): boolean {
  return ['queued', 'running', 'waiting'].includes(status);
}

import type * as Contract from '@atlas/operator-api';
import { type Json } from '@atlas/platform';

/** The operator API's views, as parsed from JSON. */
export type TenantView = Json<Contract.TenantView>;
export type TenantPlaneView = Json<Contract.TenantPlaneView>;
export type OperatorView = Json<Contract.ManagedOperatorView>;
export type ApiKeyView = Json<Contract.ApiKeyView>;
export type DriftView = Json<Contract.DriftView>;
export type LookView = Json<Contract.Look>;
export type PassView = Json<Contract.ReconcilePassView>;
export type AiProviderView = Json<Contract.AiProviderView>;
export type EventSubscriptionView = Json<Contract.EventSubscriptionView>;
export type EventDeliveryView = Json<Contract.EventDeliveryView>;
export type SealingKeyView = Json<Contract.SealingKeyView>;
export type AuditView = Json<Contract.AuditView>;
export type CertificateView = Json<Contract.CertificateView>;
export type StepView = Json<Contract.StepView>;
export type JobView = Json<Contract.JobView>;
export type PlanView = Json<Contract.PlanView>;
export type Install = Json<Contract.InstallBundle>;

export function isLive({ status }: JobView): boolean {
  return ['queued', 'running', 'waiting'].includes(status);
}

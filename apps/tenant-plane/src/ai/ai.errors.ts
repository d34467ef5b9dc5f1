import { DomainError, type ErrorKind } from '@atlas/platform';
import { type AiFeature } from '@atlas/tenant-api/ai';
import { type ControlPlaneRefused } from '../control-plane-client/control-plane.errors';

export function aiNotAllowed(): DomainError {
  const detail =
    'AI is off, because questions to an AI would leave this tenant plane. An admin of the tenant can allow ' +
    'it: PUT /api/ai/settings {"allow_control_plane": true}.';
  return new DomainError('ai_not_allowed', 'forbidden', detail);
}

const FEATURES: Readonly<Record<AiFeature, string>> = {
  analysis: 'Analyses by AI',
  runbook_draft: 'Runbook drafts by AI',
};

export function aiFeatureNotAllowed(feature: AiFeature): DomainError {
  const detail =
    `${FEATURES[feature]} are off for this tenant. An admin of the tenant can allow them: ` +
    `PUT /api/ai/settings {"features": {"${feature}": "allow"}}.`;
  return new DomainError('ai_feature_not_allowed', 'forbidden', detail, { feature });
}

export function aiUnavailable(reason: string): DomainError {
  return new DomainError('ai_unavailable', 'unavailable', `AI is not available: ${reason}.`);
}

interface Failure {
  readonly code?: 'ai_unavailable' | 'ai_timeout' | 'ai_rate_limited';
  readonly kind?: ErrorKind;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The tenant's own endpoint has no answer. */
export function ownEndpointFailed(
  why: string,
  { code = 'ai_unavailable', kind = 'unavailable', headers = {} }: Failure = {},
): DomainError {
  const detail =
    `The tenant's own AI did not answer: ${why}. An admin can change it: PUT /api/ai/settings ` +
    '{"own_endpoint": …}.';
  return new DomainError(code, kind, detail, {}, headers);
}

/** Neither the gateway nor the tenant's own endpoint has an answer. */
export function noneAnswered(gateway: DomainError, own: unknown): unknown {
  if (!(own instanceof DomainError)) return own;
  const detail = `${own.message} Before that, the Control Plane did not answer: ${gateway.message}`;
  return new DomainError(own.code, own.kind, detail, own.extra, own.headers);
}

/** `why` must not quote the answer. */
export function aiAnswerUnreadable(why: string): DomainError {
  const detail =
    `The AI's answer could not be used: ${why}. Nothing was recorded. Ask again. If it happens often, have ` +
    'another model chosen, because this one does not follow instructions.';
  return new DomainError('ai_answer_unreadable', 'unavailable', detail);
}

export function controlPlaneUnreachable(reason: string): DomainError {
  const detail = `AI requests go through the Control Plane. ${reason} Everything else still works.`;
  return new DomainError('control_plane_unreachable', 'unavailable', detail);
}

/** Refusals that concern the AI are passed on to the user. All other refusals concern only the planes. */
const KIND_OF_CODE: Readonly<Record<string, ErrorKind>> = {
  ai_unavailable: 'unavailable',
  ai_timeout: 'unavailable',
  ai_rate_limited: 'too_many',
  ai_tenant_busy: 'too_many',
  ai_request_refused: 'unprocessable',
  ai_not_allowed: 'forbidden',
  model_not_in_plan: 'forbidden',
  quota_exceeded: 'forbidden',
  module_not_in_plan: 'forbidden',
  payment_required: 'payment_required',
};

export function refusedByControlPlane({ code, message, retryAfter }: ControlPlaneRefused): DomainError {
  const kind = KIND_OF_CODE[code];
  if (!kind) return aiUnavailable(`the Control Plane refused the call (${code})`);
  return new DomainError(code, kind, message, {}, retryAfter === null ? {} : { 'retry-after': retryAfter });
}

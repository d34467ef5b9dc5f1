import { type EnrolRequest } from '@atlas/plane-contract';
import { DomainError, type ErrorKind } from '@atlas/platform';
import { versionProblem } from '../config/version-policy';
import { type TenantPlane } from '../registry/tenant-plane.entity';
import { type ProvisioningToken } from './provisioning-token.entity';

interface Attempt {
  readonly token: ProvisioningToken;
  readonly request: EnrolRequest;
  readonly plane: TenantPlane;
  readonly now: Date;
}

interface Refusal {
  readonly code: string;
  readonly kind: ErrorKind;
  /** What is wrong and what to do; null or false if this refusal does not apply. */
  readonly problem: (attempt: Attempt) => string | null | false;
}

/** Checked in this order, after the signature. */
const REFUSALS: readonly Refusal[] = [
  {
    code: 'token_already_used',
    kind: 'conflict',
    problem: ({ token }) =>
      token.consumedAt !== null &&
      'Another installation has used this provisioning token. Ask your Atlas admin for a new ' +
        'install bundle.',
  },
  {
    code: 'token_revoked',
    kind: 'gone',
    problem: ({ token }) =>
      token.revokedAt !== null && 'This provisioning token was revoked. Use the newest install bundle.',
  },
  {
    code: 'token_expired',
    kind: 'gone',
    problem: ({ token, now }) =>
      token.expiresAt <= now
        ? 'This provisioning token has expired. Ask your Atlas admin for a new install bundle.'
        : null,
  },
  {
    code: 'version_unsupported',
    kind: 'unprocessable',
    problem: ({ request }) => versionProblem(request.version),
  },
  {
    code: 'deployment_model_mismatch',
    kind: 'unprocessable',
    problem: ({ request, plane }) =>
      request.deployment_model && request.deployment_model !== plane.deploymentModel
        ? `ATLAS_TP_DEPLOYMENT is ${request.deployment_model}, but this bundle is for ` +
          `${plane.deploymentModel}. Correct or remove the variable.`
        : null,
  },
];

/** Throws the first of {@link REFUSALS} that applies. */
export function refuseUnlessRedeemable(
  token: ProvisioningToken,
  request: EnrolRequest,
  plane: TenantPlane,
  now: Date,
): void {
  for (const { code, kind, problem } of REFUSALS) {
    const detail = problem({ token, request, plane, now });
    if (detail) throw new DomainError(code, kind, detail);
  }
}

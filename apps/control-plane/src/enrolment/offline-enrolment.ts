import { type DeploymentModel, offlineEnrolmentProblem, profileOf } from '@atlas/deployment-profiles';
import { SecretBox, deriveKey, updateRows } from '@atlas/persistence';
import {
  ENROL_ANSWER_FORMAT,
  type EnrolAnswerFile,
  EnrolRequest,
  type EnrolRequestFile,
  OFFLINE_CAPABILITY,
  OFFLINE_ENROL_PATH,
  type OfflineEnrolAnswer,
  SEALED_TOKEN_PURPOSE,
  headersOfSignature,
  sealedTokenPlace,
  signatureOfHeaders,
} from '@atlas/plane-contract';
import {
  Clock,
  DomainError,
  type Secret,
  createValidationPipe,
  timeOfChange,
  validationFailed,
} from '@atlas/platform';
import {
  type ServiceKey,
  authorityOf,
  readSignedRequest,
  secretIndexOf,
  signResponse,
} from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type OperatorCaller, type PlaneCaller } from '../access/caller';
import { asAdmitted } from '../accounts/operator-lock';
import { ControlPlaneConfig } from '../config/control-plane.config';
import { DesiredStates } from '../desired-state/desired-states';
import { LEASE_RENEWED_AFTER_MS, issuedAtOf } from '../desired-state/leases';
import { PlaneAddresses } from '../desired-state/plane-addresses';
import { Placement } from '../registry/placement.entity';
import { type TenantPlane } from '../registry/tenant-plane.entity';
import { Tenant } from '../registry/tenant.entity';
import { ServiceKeys } from '../service-keys/service-keys';
import { Enrolment } from './enrolment';

interface ProvenFile {
  readonly signedAt: Date;
  readonly key: ServiceKey<PlaneCaller>;
  readonly secret: Secret;
}

/**
 * Enrols a plane that has no connection. An operator uploads the plane's
 * request file and carries the response file back to the plane. Records,
 * audit entries and refusals come from the same code as for online enrolment.
 */
@Injectable()
export class OfflineEnrolment {
  private readonly pipe = createValidationPipe();

  constructor(
    private readonly keys: ServiceKeys,
    private readonly enrolment: Enrolment,
    private readonly desiredStates: DesiredStates,
    private readonly addresses: PlaneAddresses,
    private readonly config: ControlPlaneConfig,
    private readonly clock: Clock,
  ) {}

  async enrol(operator: OperatorCaller, file: EnrolRequestFile): Promise<EnrolAnswerFile> {
    const proven = await this.prove(file);
    const request = await this.requestIn(file, proven);
    const { keyId, caller } = proven.key;
    const answer = await this.enrolment.enrol({ keyId, caller }, request, (manager, enrolled) =>
      asAdmitted(manager, operator, this.clock, async () => {
        const plane = await enrolled();
        requireByFile(plane.deploymentModel);
        await this.addresses.followFile(manager, plane.id, request, proven.signedAt);
        await this.tellAtOnce(manager, plane);
        return plane;
      }),
    );
    return this.answerFile(file, proven, { ...answer, instance_id: request.instance_id });
  }

  /**
   * Checks neither a time window nor a nonce, because a file may be in transit for days, and
   * uploading it again returns the same response. The file is valid for as long as its token is.
   */
  private async prove({ body, signature }: EnrolRequestFile): Promise<ProvenFile> {
    const signed = readSignedRequest({
      method: 'POST',
      authority: authorityOf(this.config.CONTROL_PLANE_PUBLIC_URL),
      target: OFFLINE_ENROL_PATH,
      headers: headersOfSignature(signature),
      rawBody: Buffer.from(body),
    });
    const key = await this.keys.secretsFor(signed.signature.keyId);
    const secret = key?.secrets[secretIndexOf(signed, key.secrets)];
    if (!key || secret === undefined) throw signatureDoesNotHold();
    return { key, secret, signedAt: new Date(signed.signature.created * 1000) };
  }

  private async requestIn(file: EnrolRequestFile, proven: ProvenFile): Promise<EnrolRequest> {
    const metadata = { type: 'body', metatype: EnrolRequest } as const;
    const given = (await this.pipe.transform(parsed(file.body), metadata)) as EnrolRequest;
    const capabilities = [...new Set([...given.capabilities, OFFLINE_CAPABILITY])];
    return { ...given, token: openToken(given, proven), capabilities };
  }

  /**
   * The plane makes no calls, so the response must contain its tenants. Their
   * entries are published here, without waiting for their job to publish them.
   */
  private async tellAtOnce(manager: EntityManager, plane: TenantPlane): Promise<void> {
    const placed = await manager.findBy(Placement, { tenantPlaneId: plane.id, holdsPlace: true });
    for (const placement of placed) {
      await this.renewLease(manager, placement);
      if (placement.entryRevision === 0) await this.desiredStates.publish(manager, placement);
    }
  }

  /**
   * The answer file contains the lease, which nothing renews for a plane that makes no calls. The enrolment
   * has locked the tenant, so the serial only increases.
   */
  private async renewLease(manager: EntityManager, { tenantId: id }: Placement): Promise<void> {
    const tenant = await manager.findOneByOrFail(Tenant, { id });
    const now = this.clock.now();
    if (now.getTime() - issuedAtOf(tenant).getTime() < LEASE_RENEWED_AFTER_MS) return;
    await updateRows(manager, Tenant, { id }, { leasedAt: timeOfChange(now, issuedAtOf(tenant)) });
  }

  private answerFile(
    file: EnrolRequestFile,
    { key, secret }: ProvenFile,
    answer: OfflineEnrolAnswer,
  ): EnrolAnswerFile {
    const body = JSON.stringify(answer);
    const request = headersOfSignature(file.signature);
    const headers = signResponse({
      status: 200,
      body,
      request,
      keyId: key.keyId,
      secret,
      now: this.clock.now(),
    });
    const answers = file.signature.signature;
    return { format: ENROL_ANSWER_FORMAT, body, answers, signature: signatureOfHeaders(headers) };
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw validationFailed([{ field: 'body', message: 'body must be an enrolment request in JSON' }]);
  }
}

function openToken(request: EnrolRequest, { key, secret }: ProvenFile): string {
  try {
    const box = new SecretBox([{ id: 'bundle', key: deriveKey(secret, SEALED_TOKEN_PURPOSE) }]);
    return box.open(request.token, sealedTokenPlace(key.keyId, request.instance_id)).reveal();
  } catch {
    throw signatureDoesNotHold();
  }
}

function signatureDoesNotHold(): DomainError {
  return new DomainError(
    'bad_signature',
    'unauthenticated',
    'The file was not created with an install bundle from this Control Plane, or it was changed in ' +
      'transit. Create a new file with the newest bundle.',
  );
}

function requireByFile(model: DeploymentModel): void {
  if (profileOf(model).offlineEnrolmentAllowed) return;
  throw new DomainError('offline_enrolment_unavailable', 'unprocessable', offlineEnrolmentProblem(model));
}

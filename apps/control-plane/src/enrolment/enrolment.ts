import { profileOf } from '@atlas/deployment-profiles';
import { Database, updateRows } from '@atlas/persistence';
import { type EnrolAnswer, type EnrolRequest } from '@atlas/plane-contract';
import { Clock, DomainError } from '@atlas/platform';
import { type ServiceCall, credentialMatches, parseCredential } from '@atlas/service-auth';
import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { type PlaneCaller } from '../access/caller';
import { Audit } from '../audit/audit';
import { DesiredStates } from '../desired-state/desired-states';
import { PlaneAddresses, isAddressRecorded } from '../desired-state/plane-addresses';
import { ProvisioningWaker } from '../provisioning-jobs/provisioning-waker';
import { Placement } from '../registry/placement.entity';
import { lockPlaneAndCalls } from '../registry/plane-lock';
import { TenantPlane } from '../registry/tenant-plane.entity';
import { ServiceKeys } from '../service-keys/service-keys';
import { refuseUnlessRedeemable } from './enrolment-refusals';
import { ProvisioningToken } from './provisioning-token.entity';
import { ProvisioningTokens } from './provisioning-tokens';
import { TokenMisuse } from './token-misuse';

/** What is proven of who enrols. */
type Proof = Pick<ServiceCall<PlaneCaller>, 'keyId' | 'caller'>;

/**
 * Makes an expected tenant plane a real one: a token that was
 * never used, by a call signed with the key of its bundle.
 */
@Injectable()
export class Enrolment {
  constructor(
    private readonly database: Database,
    private readonly tokens: ProvisioningTokens,
    private readonly keys: ServiceKeys,
    private readonly desiredStates: DesiredStates,
    private readonly addresses: PlaneAddresses,
    private readonly waker: ProvisioningWaker,
    private readonly misuse: TokenMisuse,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** `within` does more in the same transaction, or the enrolment does not happen. */
  async enrol(
    call: Proof,
    request: EnrolRequest,
    within: (manager: EntityManager, enrolled: () => Promise<TenantPlane>) => Promise<TenantPlane> = (
      _,
      enrolled,
    ) => enrolled(),
  ): Promise<EnrolAnswer> {
    const token = await this.shownToken(call, request);
    try {
      requireProven(token, call, request);
      const plane = await this.database.write((manager) =>
        within(manager, () => this.redeem(manager, token, request)),
      );
      return await this.answer(plane, token.keyId);
    } catch (error) {
      await this.misuse.alarm(token, request, error);
      throw error;
    }
  }

  /** Refuses what `enrol` would refuse, spends nothing, and raises no alarm. */
  async check(call: Proof, request: EnrolRequest): Promise<EnrolAnswer> {
    const token = await this.shownToken(call, request);
    requireProven(token, call, request);
    return this.database.read(async (manager) => {
      const plane = await manager.findOneByOrFail(TenantPlane, { id: token.tenantPlaneId });
      if (token.consumedBy !== request.instance_id)
        refuseUnlessRedeemable(token, request, plane, this.clock.now());
      return this.answer(plane);
    });
  }

  private async shownToken(call: Proof, request: EnrolRequest): Promise<ProvisioningToken> {
    const id = parseCredential('atp', request.token)?.id;
    const token = id
      ? await this.database.read((manager) => manager.findOneBy(ProvisioningToken, { id }))
      : null;
    if (token) return token;
    throw notGenuine(call);
  }

  private async redeem(
    manager: EntityManager,
    token: ProvisioningToken,
    request: EnrolRequest,
  ): Promise<TenantPlane> {
    // The plane may enrol with a new address, which is passed on to its tenants.
    await this.addresses.lockTenantsAt(manager, token.tenantPlaneId);
    // Before the token: who retires the plane, or issues another one, locks them in the same order.
    const plane = await lockPlaneAndCalls(manager, token.tenantPlaneId);
    if (token.consumedBy === request.instance_id) return this.enrolledAlready(manager, token, plane);
    refuseUnlessRedeemable(token, request, plane, this.clock.now());
    if (await this.tokens.redeem(manager, token, request.instance_id))
      return this.register(manager, plane, request);
    // Between reading and redeeming somebody else was first, or another attempt of the same instance.
    const now = await manager.findOneByOrFail(ProvisioningToken, { id: token.id });
    if (now.consumedBy === request.instance_id) return this.enrolledAlready(manager, token, plane);
    refuseUnlessRedeemable(now, request, plane, this.clock.now());
    // Reached only if the clock was set back in between.
    throw new Error(`Provisioning token ${token.id} could not be redeemed.`);
  }

  /**
   * The first answer may have been lost, so the same instance gets it again,
   * even much later. It gets none once its key is revoked: the call may have
   * waited for the revocation, and a file can be signed at any time.
   */
  private async enrolledAlready(
    manager: EntityManager,
    { keyId }: ProvisioningToken,
    plane: TenantPlane,
  ): Promise<TenantPlane> {
    await this.keys.holdAccepted(manager, keyId);
    return plane;
  }

  private async register(
    manager: EntityManager,
    plane: TenantPlane,
    request: EnrolRequest,
  ): Promise<TenantPlane> {
    const now = this.clock.now();
    const facts = {
      status: 'enrolled',
      instanceId: request.instance_id,
      version: request.version,
      endpointUrl: isAddressRecorded(plane) ? plane.endpointUrl : (request.endpoint_url ?? null),
      databaseDriver: request.database.driver,
      capabilities: request.capabilities,
      publicKey: request.public_key as object,
      // With the secret of its bundle; that of a rotation is none of its own any more.
      nextKeyId: null,
      // The plane may have a new database, which numbers its reports from the start.
      linkId: null,
      enrolledAt: now,
    } as const;
    await updateRows(manager, TenantPlane, { id: plane.id }, facts);
    const after = {
      instance_id: request.instance_id,
      version: request.version,
      endpoint_url: facts.endpointUrl,
    };
    await this.audit.record(manager, {
      action: 'tenant_plane.enrolled',
      targetKind: 'tenant_plane',
      targetId: plane.id,
      after,
    });
    // One that enrols again may have come up elsewhere.
    if (facts.endpointUrl !== null && facts.endpointUrl !== plane.endpointUrl)
      await this.addresses.passOn(manager, plane, facts.endpointUrl);
    await this.wakeWaiting(manager, plane);
    return { ...plane, ...facts };
  }

  /** A plane of a tenant's own is waited for by that tenant's job; any by one about itself. */
  private async wakeWaiting(manager: EntityManager, plane: TenantPlane): Promise<void> {
    await this.waker.wakeForPlanes(manager, [plane.id]);
    if (!profileOf(plane.deploymentModel).tenantFixed) return;
    const placed = await manager.findBy(Placement, { tenantPlaneId: plane.id, holdsPlace: true });
    await this.waker.wakeForTenants(
      manager,
      placed.map(({ tenantId }) => tenantId),
    );
  }

  /** `keyId` of an enrolment: refused if that key was revoked in the meantime. A rehearsal has none. */
  private async answer(plane: TenantPlane, keyId?: string): Promise<EnrolAnswer> {
    const state = await this.desiredStates.changes(plane.id, undefined, keyId);
    if (!state) throw new Error('Without a revision there is always a desired state.');
    return { tenant_plane_id: plane.id, deployment_model: plane.deploymentModel, desired_state: state };
  }
}

/** Genuine, and shown with the key of its own install bundle. */
function requireProven(token: ProvisioningToken, call: Proof, request: EnrolRequest): void {
  if (!credentialMatches(request.token, token.secretHash) || token.keyId !== call.keyId)
    throw notGenuine(call);
}

function notGenuine({ caller }: Proof): DomainError {
  const detail =
    caller.tenantPlaneId === null
      ? 'This Control Plane did not issue the provisioning token, or issued it for a plane with a ' +
        'secret of its own.'
      : 'The provisioning token and INTERNAL_SERVICE_SECRET come from different install bundles. Copy ' +
        'both from one bundle.';
  return new DomainError('bad_signature', 'unauthenticated', detail);
}

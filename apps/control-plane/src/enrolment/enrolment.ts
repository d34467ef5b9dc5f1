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

/** What the signature proves about the caller. */
type Proof = Pick<ServiceCall<PlaneCaller>, 'keyId' | 'caller'>;

/**
 * Enrols an expected tenant plane that presents an unused
 * token, in a call signed with the key from the same bundle.
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

  /**
   * `within` calls `enrolled` and does further work in the
   * same transaction. If `within` throws, nothing is enrolled.
   */
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

  /** Refuses what `enrol` would refuse, but does not redeem the token or raise an alarm. */
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
    // The plane may enrol with a new address, which affects its tenants.
    await this.addresses.lockTenantsAt(manager, token.tenantPlaneId);
    // Locked before the token, in the same order as when the plane is retired or issued another token.
    const plane = await lockPlaneAndCalls(manager, token.tenantPlaneId);
    if (token.consumedBy === request.instance_id) return this.enrolledAlready(manager, token, plane);
    refuseUnlessRedeemable(token, request, plane, this.clock.now());
    if (await this.tokens.redeem(manager, token, request.instance_id))
      return this.register(manager, plane, request);
    // The token was redeemed or revoked in the meantime, perhaps through another attempt by this instance.
    const now = await manager.findOneByOrFail(ProvisioningToken, { id: token.id });
    if (now.consumedBy === request.instance_id) return this.enrolledAlready(manager, token, plane);
    refuseUnlessRedeemable(now, request, plane, this.clock.now());
    // Reached only if the clock was set back in the meantime.
    throw new Error(`Provisioning token ${token.id} could not be redeemed.`);
  }

  /**
   * The first response may have been lost, so the same instance gets it again, even much
   * later, unless its key has been revoked. The key is checked here because the call may
   * have waited for the revocation, and because a file can be signed at any time.
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
      // The plane uses the secret from its bundle, so a rotation's next secret no longer applies.
      nextKeyId: null,
      // The plane may have a new database, in which its report numbers start over.
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
    // A plane that enrols again may have a new address.
    if (facts.endpointUrl !== null && facts.endpointUrl !== plane.endpointUrl)
      await this.addresses.passOn(manager, plane, facts.endpointUrl);
    await this.wakeWaiting(manager, plane);
    return { ...plane, ...facts };
  }

  /**
   * Wakes the plane's jobs, which may be waiting for this enrolment. If
   * the plane serves a single tenant, also wakes that tenant's jobs.
   */
  private async wakeWaiting(manager: EntityManager, plane: TenantPlane): Promise<void> {
    await this.waker.wakeForPlanes(manager, [plane.id]);
    if (!profileOf(plane.deploymentModel).tenantFixed) return;
    const placed = await manager.findBy(Placement, { tenantPlaneId: plane.id, holdsPlace: true });
    await this.waker.wakeForTenants(
      manager,
      placed.map(({ tenantId }) => tenantId),
    );
  }

  /**
   * An enrolment passes `keyId`, and is refused if that key
   * was revoked in the meantime. A dry run passes no key.
   */
  private async answer(plane: TenantPlane, keyId?: string): Promise<EnrolAnswer> {
    const state = await this.desiredStates.changes(plane.id, undefined, keyId);
    if (!state) throw new Error('A request without a revision must return the full desired state.');
    return { tenant_plane_id: plane.id, deployment_model: plane.deploymentModel, desired_state: state };
  }
}

/** Throws unless the token is genuine and the call is signed with the key from the same install bundle. */
function requireProven(token: ProvisioningToken, call: Proof, request: EnrolRequest): void {
  if (!credentialMatches(request.token, token.secretHash) || token.keyId !== call.keyId)
    throw notGenuine(call);
}

function notGenuine({ caller }: Proof): DomainError {
  const detail =
    caller.tenantPlaneId === null
      ? 'This Control Plane did not issue the provisioning token, or issued it for a plane with its own ' +
        'secret. Copy both the token and the secret from the newest install bundle.'
      : 'The provisioning token and INTERNAL_SERVICE_SECRET come from different install bundles. Copy ' +
        'both from the same bundle.';
  return new DomainError('bad_signature', 'unauthenticated', detail);
}

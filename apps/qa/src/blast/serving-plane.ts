import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { type DesiredState, type DesiredTenant, PLANE_PATHS } from '@atlas/plane-contract';
import { type Answer, type InstallView, type TenantView, type TestStack } from '@atlas/testing';
import { type EnrolView, SignedPlane, send } from '../signed-plane';

/** A simulated cell, which reports that it serves every tenant it is given. */
export class ServingPlane {
  readonly linkId = randomUUID();
  sequence = 0;
  private revision = '';
  private readonly tenants = new Map<string, DesiredTenant>();

  private constructor(
    private readonly stack: TestStack,
    readonly id: string,
    readonly install: InstallView,
    readonly signed: SignedPlane,
    /** The private key for transfers to this plane, which are encrypted with the corresponding public key. */
    readonly privateKey: string,
  ) {}

  static async enrolled(stack: TestStack, capacity: number): Promise<ServingPlane> {
    const { id, install } = await stack.registerCell({ capacity });
    const { publicKey, privateKey } = generateKeyPairSync('x25519');
    const signed = new SignedPlane(stack.controlPlane.url, install);
    const plane = new ServingPlane(
      stack,
      id,
      install,
      signed,
      JSON.stringify(privateKey.export({ format: 'jwk' })),
    );
    const body = { ...signed.enrolBody(), public_key: publicKey.export({ format: 'jwk' }) };
    const answer = await plane.call<EnrolView>('POST', PLANE_PATHS.enrol, JSON.stringify(body));
    plane.revision = answer.body.desired_state.revision;
    return plane;
  }

  /** Provisions a tenant, which is placed in this cell unless another cell has more room. */
  async provisioned(slug: string): Promise<TenantView> {
    const { body } = await this.stack.provision(slug);
    await this.toldOf(body.tenant.id);
    return this.stack.awaitActive(body.tenant.id);
  }

  /**
   * Waits for the tenant's entry to meet the condition, and returns the entry. Reports every entry as
   * applied.
   */
  async toldOf(
    tenantId: string,
    isAwaited: (entry: DesiredTenant) => boolean = () => true,
  ): Promise<DesiredTenant> {
    for (;;) {
      const entry = this.tenants.get(tenantId);
      if (entry && isAwaited(entry)) return entry;
      await this.pull(10);
    }
  }

  /**
   * Pulls the desired state and reports it as applied. Returns the configuration, which is the part that is
   * not about tenants.
   */
  async pull(wait = 0): Promise<DesiredState['config'] | undefined> {
    const query = new URLSearchParams({ since: this.revision, wait: String(wait) });
    const { status, body } = await this.call<DesiredState>('GET', `${PLANE_PATHS.desiredState}?${query}`);
    if (status === 204) return undefined;
    this.revision = body.revision;
    for (const tenant of body.tenants) this.tenants.set(tenant.tenant_id, tenant);
    await this.call('POST', PLANE_PATHS.report, this.report(body.tenants));
    return body.config;
  }

  report(tenants: readonly DesiredTenant[]): string {
    const applied = tenants.map(({ tenant_id, entry_revision }) => ({
      tenant_id,
      entry_revision,
      state: 'applied',
    }));
    const link = { sequence: (this.sequence += 1), link_id: this.linkId };
    const plane = { revision: this.revision, version: '0.1.0', usage: {}, health: {} };
    return JSON.stringify({ ...plane, ...link, tenants: applied });
  }

  private call<T>(method: string, target: string, body = ''): Promise<Answer<T>> {
    return send<T>(this.signed.publicUrl, this.signed.sign(method, target, body));
  }
}

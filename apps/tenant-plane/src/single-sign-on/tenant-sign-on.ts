import { deriveKey } from '@atlas/persistence';
import { Clock, type ProvenIdentity, type SignOnClient, SingleSignOn, Sent } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { Egress } from '../egress/egress';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { type Tenant } from '../tenancy/tenant.entity';

/** Sends a browser to the tenant's identity provider, and handles the browser's return. */
@Injectable()
export class TenantSignOn {
  private kept: SingleSignOn | undefined;

  constructor(
    private readonly identities: PlaneIdentities,
    private readonly config: TenantPlaneConfig,
    private readonly clock: Clock,
    private readonly egress: Egress,
  ) {}

  begin(client: SignOnClient, { id }: Tenant, reply: FastifyReply): Promise<Sent<undefined>> {
    return this.signOn.begin(client, id, reply);
  }

  finish(
    client: SignOnClient,
    { id }: Tenant,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<ProvenIdentity> {
    return this.signOn.finish(client, id, request, reply);
  }

  /**
   * Offline planes may have no secret in the environment. They use their instance ID instead, which is at
   * least the same in every process.
   */
  private get signOn(): SingleSignOn {
    const { INTERNAL_SERVICE_SECRET: secret, isProduction } = this.config;
    return (this.kept ??= new SingleSignOn({
      key: deriveKey(secret ?? this.identities.current.instanceId, 'atlas-sign-on'),
      isProduction,
      clock: this.clock,
      // The tenant is that of the request, because tenants with the same provider share what is known of it.
      admit: async ({ url, form }) => {
        const admission = await this.egress.require({
          class: 'sign_on',
          destination: url.origin,
          fields: [...(url.search === '' ? [] : ['?']), ...new URLSearchParams(form).keys()],
          bytes: Buffer.byteLength(form) + Math.max(0, url.search.length - 1),
        });
        return () => admission.note();
      },
    }));
  }
}

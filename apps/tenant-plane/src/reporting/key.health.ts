import { Injectable } from '@nestjs/common';
import { PlaneIdentities } from '../plane-identity/plane-identities';
import { type Finding, HealthCheck, ok } from './health-check';

/**
 * Whether the plane can decrypt its private key. Without the key, no tenant can move here and no backup can
 * be made.
 */
@Injectable()
export class KeyHealth extends HealthCheck {
  readonly name = 'key';

  constructor(private readonly identities: PlaneIdentities) {
    super();
  }

  async find(): Promise<Finding> {
    if (this.identities.opensPrivateKey) return ok();
    return {
      status: 'failing',
      detail:
        'Its private key is sealed under an INTERNAL_SERVICE_SECRET that it no longer has, so no tenant ' +
        'can be backed up or move to it. Start it with that secret as INTERNAL_SERVICE_SECRET_PREVIOUS, ' +
        'or enrol it again with a new install bundle',
    };
  }
}

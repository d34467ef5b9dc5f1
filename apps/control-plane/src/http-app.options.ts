import { MAX_PART_LENGTH, TRANSFER_PART_TYPE } from '@atlas/plane-contract';
import answers from './answers.json';
import { CONTROL_PLANE_VERSION } from './config/version-policy';

export const HTTP_APP = {
  title: 'Atlas Control Plane',
  description:
    'Provisions tenants and places them on tenant planes. Tenant planes enrol here, pull their ' +
    'desired state, report on it and call AI models through the gateway.',
  version: CONTROL_PLANE_VERSION,
  answers,
  alsoAccepts: { type: TRANSFER_PART_TYPE, maxBytes: MAX_PART_LENGTH },
};

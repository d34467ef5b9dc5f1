import { CONTROL_PLANE_VERSION } from './tenant-planes/version-policy';

export const HTTP_APP = {
  title: 'Atlas Control Plane',
  description: 'Provisions tenants, places them on tenant planes, and lets those enrol, pull and report.',
  version: CONTROL_PLANE_VERSION,
};

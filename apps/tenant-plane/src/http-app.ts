import answers from './answers.json';
import { TENANT_PLANE_VERSION } from './config/tenant-plane-version';

export const HTTP_APP = {
  title: 'Atlas Tenant Plane',
  description:
    'Serves tenants: login, onboarding, incidents, CMDB, AI. Enrols with the Control Plane and works ' +
    'without it.',
  version: TENANT_PLANE_VERSION,
  answers,
  refuses: ['unauthenticated', 'forbidden', 'not_found', 'elsewhere'] as const,
};

import answers from './answers.json';
export const TENANT_PLANE_VERSION = '0.1.0';

export const HTTP_APP = {
  title: 'Atlas Tenant Plane',
  description:
    'Serves tenants: login, onboarding, incidents, CMDB, AI. Enrols at the Control Plane and works without it.',
  version: TENANT_PLANE_VERSION,
  answers,
  refuses: ['unauthenticated', 'forbidden', 'not_found', 'elsewhere'] as const,
};

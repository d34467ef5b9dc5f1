export const TENANT_PLANE_VERSION = '0.1.0';

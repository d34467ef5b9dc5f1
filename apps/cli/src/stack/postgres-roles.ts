export const CONTROL_PLANE_OWNER = 'control_plane_owner';
export const TENANT_PLANE_OWNER = 'tenant_plane_owner';
/** The Tenant Plane's role while serving. It owns no tables and cannot bypass row-level security. */
export const TENANT_PLANE_APP = 'tenant_plane_app';

export const CONTROL_PLANE_OWNER = 'control_plane_owner';
export const TENANT_PLANE_OWNER = 'tenant_plane_owner';
/** Owns no table and cannot bypass row-level security. */
export const TENANT_PLANE_APP = 'tenant_plane_app';

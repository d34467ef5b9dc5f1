export const CONTROL_PLANE_OWNER = 'control_plane_owner';
export const TENANT_PLANE_OWNER = 'tenant_plane_owner';
/** Owns nothing and bypasses nothing: row-level security binds it. */
export const TENANT_PLANE_APP = 'tenant_plane_app';

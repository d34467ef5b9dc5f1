/** The app in dist/apps that tenants' users work with. */
export const WORKSPACE = 'workspace';

export const HTTP_APP = { name: 'tenant-plane' };

/** The values of INFRASTRUCTURE_DRIVER. */
export const DRIVER_NAMES = ['local', 'terraform', 'manual'] as const;
export type DriverName = (typeof DRIVER_NAMES)[number];

export const SIGNUP_STATUSES = ['unverified', 'expired', 'provisioning', 'active', 'failed'] as const;
export type SignupStatus = (typeof SIGNUP_STATUSES)[number];

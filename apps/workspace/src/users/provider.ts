import { type FieldTexts, type TenantPlaneSchemas } from '@atlas/web';

export type ProviderAnswer = TenantPlaneSchemas['schemas']['IdentityProviderView'];
export type Provider = NonNullable<ProviderAnswer['provider']>;

export const LONGEST_ISSUER = 500;
export const LONGEST_CLIENT_ID = 200;
export const MOST_DOMAINS = 50;

/** The role admin is never given by a sign-in. */
export const GRANTABLE: readonly Provider['default_role'][] = ['operator', 'fulfiller', 'requester'];

export const NEW_PROVIDER: Provider = {
  issuer: '',
  client_id: '',
  enabled: true,
  create_users: false,
  default_role: 'requester',
  email_domains: [],
};

/** Whether the change ends the sessions of those who have signed in with the provider. */
export function endsSessions(before: Provider | null, after: Provider): boolean {
  if (!before) return false;
  return !after.enabled || before.issuer !== after.issuer || before.client_id !== after.client_id;
}

export const PROVIDER_FIELDS: FieldTexts<Provider> = [
  ['Issuer', ({ issuer }) => issuer],
  ['Client ID', ({ client_id: client }) => client],
  ['Single sign-on', ({ enabled }) => (enabled ? 'on' : 'off')],
  ['Create users', ({ create_users: creates }) => (creates ? 'yes' : 'no')],
  ['Role', ({ default_role: role }) => role],
  ['Email domains', ({ email_domains: domains }) => domains.join(', ')],
];

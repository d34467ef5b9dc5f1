/** What a caller may do. Each operation requires one of these scopes. */
export const SCOPES = [
  'tenants:read',
  'tenants:provision',
  'tenants:write',
  'jobs:read',
  'jobs:write',
  'tokens:read',
  'tokens:issue',
  'planes:read',
  'planes:write',
  'routing:read',
  'audit:read',
  'operators:read',
  'operators:write',
  'api_keys:read',
  'api_keys:write',
  'events:manage',
  'ai_providers:write',
  'secrets:read',
  'secrets:write',
] as const;
export type Scope = (typeof SCOPES)[number];

/** The roles of operators, from most to least powerful. */
export const OPERATOR_ROLES = ['owner', 'admin', 'support'] as const;
export type OperatorRole = (typeof OPERATOR_ROLES)[number];

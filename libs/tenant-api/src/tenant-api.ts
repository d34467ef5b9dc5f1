import { type AccountsApi } from './accounts';
import { type AiApi } from './ai';
import { type AuditApi } from './audit';
import { type CmdbApi } from './cmdb';
import { type DeploymentApi } from './deployment';
import { type IdentityProviderApi } from './identity-provider';
import { type IncidentsApi } from './incidents';
import { type OnboardingApi } from './onboarding';
import { type UsersApi } from './users';

/** The API of the Tenant Plane for a tenant's users. docs/openapi is generated from it. */
export interface TenantApi
  extends
    AccountsApi,
    AiApi,
    AuditApi,
    CmdbApi,
    DeploymentApi,
    IdentityProviderApi,
    IncidentsApi,
    OnboardingApi,
    UsersApi {}

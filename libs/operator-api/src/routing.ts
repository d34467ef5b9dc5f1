import { type TenantRoute } from '@atlas/plane-contract';
import { IsString, Length } from 'class-validator';

export interface RoutingApi {
  /** Find the tenant plane that serves a host */
  'GET /api/routing/resolve': { query: ResolveQuery; 200: TenantRoute & { host: string } };
}

export class ResolveQuery {
  /** @example acme.atlas.example */
  @IsString()
  @Length(1, 260)
  host: string;
}

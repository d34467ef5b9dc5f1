import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import {
  SQLITE_IN_PRODUCTION,
  isSmallForProduction,
  requireProductionDatabase,
} from '../config/production-database';
import { TenantPlaneConfig } from '../config/tenant-plane.config';
import { Deployment } from '../plane-identity/deployment';

/** Refuses a database that the plane may not use in production, and warns if Postgres would be better. */
@Injectable()
export class ProductionDatabaseCheck implements OnModuleInit {
  private readonly logger = new Logger(ProductionDatabaseCheck.name);

  constructor(
    private readonly config: TenantPlaneConfig,
    private readonly deployment: Deployment,
  ) {}

  onModuleInit(): void {
    requireProductionDatabase(this.config, this.deployment.profile.model);
    if (isSmallForProduction(this.config)) this.logger.warn(SQLITE_IN_PRODUCTION);
  }
}

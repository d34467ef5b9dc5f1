import { ApiBearerAuth, ApiTags, servesOf } from '@atlas/platform';
import { type OutageApi, type OutageContractView } from '@atlas/tenant-api/outage';
import { Controller } from '@nestjs/common';
import { AnyUser } from '../access/requires';
import { CurrentTenant } from '../access/tenant-request';
import { type Tenant } from '../tenancy/tenant.entity';
import { OutageContracts } from './outage-contracts';

const Serves = servesOf<OutageApi>();

@ApiTags('deployment')
@ApiBearerAuth()
@Controller()
export class OutageController {
  constructor(private readonly contracts: OutageContracts) {}

  @AnyUser()
  @Serves('GET /api/outage-contract')
  show(@CurrentTenant() tenant: Tenant): Promise<OutageContractView> {
    return this.contracts.of(tenant);
  }
}

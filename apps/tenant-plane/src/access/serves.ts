import { type TenantApi } from '@atlas/tenant-api';
import { servesOf } from '@atlas/platform';

export const Serves = servesOf<TenantApi>();

import { servesOf } from '@atlas/platform';
import { type TenantApi } from '@atlas/tenant-api';

export const Serves = servesOf<TenantApi>();

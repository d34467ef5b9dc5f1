import { ARCHIVE_TYPE } from '@atlas/tenant-api/exports';

export const HTTP_APP = { name: 'tenant-plane', streams: ARCHIVE_TYPE };

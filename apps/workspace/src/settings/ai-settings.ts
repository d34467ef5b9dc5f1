import { versionedOf } from '@atlas/web';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../api';

export const aiSettings = queryOptions({
  queryKey: ['ai', 'settings'],
  queryFn: () => versionedOf(api.GET('/api/ai/settings')),
});

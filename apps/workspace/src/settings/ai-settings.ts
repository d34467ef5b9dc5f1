import { type TenantPlaneSchemas, versionedOf } from '@atlas/web';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../api';

export const aiSettings = queryOptions({
  queryKey: ['ai', 'settings'],
  queryFn: () => versionedOf(api.GET('/api/ai/settings')),
});

/** Whether an AI may analyse incidents. */
export function isAiOn(settings: TenantPlaneSchemas['schemas']['AiSettingsView']): boolean {
  return settings.allow_control_plane && settings.features.analysis === 'allow';
}

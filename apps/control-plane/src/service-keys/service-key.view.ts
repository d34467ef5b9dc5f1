import { type TenantPlaneView } from '@atlas/operator-api';
import { type TenantPlane } from '../registry/tenant-plane.entity';
import { type ServiceKey } from './service-key.entity';

/**
 * The plane's accepted keys, and the one that it signs with. That is the
 * key used last or, before any use, the key that the plane enrolled with.
 */
export function keysView(
  { secretMode, status, nextKeyId }: TenantPlane,
  accepted: readonly ServiceKey[],
  platformKeyId: string,
): Pick<TenantPlaneView, 'key_in_use' | 'keys'> {
  if (secretMode === 'platform')
    return { key_in_use: status === 'enrolled' ? platformKeyId : null, keys: [] };
  const usedAt = ({ lastUsedAt }: ServiceKey): number => lastUsedAt?.getTime() ?? 0;
  // If the same sweep recorded the last use of both keys, the plane is switching to the next key.
  const [latest] = accepted
    .filter((key) => key.lastUsedAt !== null || key.id !== nextKeyId)
    .sort((a, b) => usedAt(b) - usedAt(a) || Number(b.id === nextKeyId) - Number(a.id === nextKeyId));
  const keys = accepted.map(({ id, createdAt, lastUsedAt }) => ({
    id,
    role: id === nextKeyId ? ('next' as const) : ('current' as const),
    created_at: createdAt,
    last_used_at: lastUsedAt,
  }));
  return { key_in_use: latest?.id ?? null, keys };
}

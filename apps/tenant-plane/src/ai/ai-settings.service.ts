import { TenantDatabase, type TenantScope, insertIfAbsent, lockedForUpdate } from '@atlas/persistence';
import { Clock } from '@atlas/platform';
import { Injectable } from '@nestjs/common';
import { Audit } from '../audit/audit.service';
import { Deployment } from '../deployment/deployment';
import { AiRouteSetting } from './ai-route-setting.entity';
import { aiNotAllowed } from './ai.errors';

export interface AiSettingsView {
  readonly allow_control_plane: boolean;
}

const ROUTE = 'control_plane';

/** Whether questions to an AI may leave this plane. In `on_prem` only when the admin has said so; elsewhere unless they forbade it. */
@Injectable()
export class AiSettings {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly deployment: Deployment,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** What the admin has said; undefined while that is nothing. */
  private adminsWord(tenantId: string): Promise<boolean | undefined> {
    return this.tenants.read(tenantId, wordIn);
  }

  /** What the admin has said. Throws `ai_not_allowed`. */
  async requireAllowed(tenantId: string): Promise<boolean | undefined> {
    const word = await this.adminsWord(tenantId);
    if (!this.isAllowed(word)) throw aiNotAllowed();
    return word;
  }

  private isAllowed(word: boolean | undefined): boolean {
    return word ?? this.deployment.profile.aiRouting === 'control_plane';
  }

  async view(tenantId: string): Promise<AiSettingsView> {
    return { allow_control_plane: this.isAllowed(await this.adminsWord(tenantId)) };
  }

  change(tenantId: string, allow_control_plane: boolean): Promise<AiSettingsView> {
    return this.tenants.write(tenantId, async (scope) => {
      const word = { route: ROUTE, isAllowed: allow_control_plane, changedAt: this.clock.now() } as const;
      const before = await takeWord(scope, word);
      if (before === allow_control_plane) return { allow_control_plane };
      if (before !== undefined) await scope.put(AiRouteSetting, [word]);
      await this.audit.record(scope, {
        action: 'ai.settings_changed',
        targetKind: 'ai_route',
        targetId: ROUTE,
        before: { allow_control_plane: this.isAllowed(before) },
        after: { allow_control_plane },
      });
      return { allow_control_plane };
    });
  }
}

/**
 * What was said until now, locked: of two admins at once the second finds what the first has said. Without any, this is the
 * first word, and it is stored.
 */
async function takeWord(
  scope: TenantScope,
  first: Omit<AiRouteSetting, 'tenantId'>,
): Promise<boolean | undefined> {
  const { tenantId, manager } = scope;
  if (await insertIfAbsent(manager, AiRouteSetting, { tenantId, ...first })) return undefined;
  const query = scope.query(AiRouteSetting, 'setting').andWhere({ route: ROUTE });
  return (await lockedForUpdate(query).getOneOrFail()).isAllowed;
}

async function wordIn(scope: TenantScope): Promise<boolean | undefined> {
  return (await scope.findOne(AiRouteSetting, { route: ROUTE }))?.isAllowed;
}

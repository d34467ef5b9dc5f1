import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { Clock, type ExpectedVersion } from '@atlas/platform';
import { type AiSettingsView, type ChangeAiSettingsDto } from '@atlas/tenant-api/ai';
import { Injectable } from '@nestjs/common';
import { UserWrites } from '../access/user-writes';
import { Audit } from '../audit/audit';
import { type SignedInUser } from '../credentials/signed-in-user';
import { holdUpWrites } from '../credentials/user-locks';
import { Deployment } from '../plane-identity/deployment';
import { AiRouteSetting } from './ai-route-setting.entity';
import { aiNotAllowed } from './ai.errors';

const ROUTE = 'control_plane';

/**
 * Whether questions to an AI may leave this plane. In `on_prem`, an admin must have allowed AI. In the other
 * models, AI is allowed unless an admin has forbidden it.
 */
@Injectable()
export class AiSettings {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly writes: UserWrites,
    private readonly deployment: Deployment,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** The admin's setting, or undefined if there is none. */
  private adminsWord(tenantId: string): Promise<boolean | undefined> {
    return this.tenants.read(tenantId, wordIn);
  }

  /**
   * The admin's setting. Inside a {@link UserWrites} transaction, the setting cannot change until the
   * transaction ends. Throws `ai_not_allowed`.
   */
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

  /**
   * Once this resolves, no answer that relied on the previous setting can be stored. Throws
   * `changed_meanwhile`.
   */
  change(
    tenantId: string,
    by: SignedInUser,
    { allow_control_plane }: ChangeAiSettingsDto,
    expected: ExpectedVersion<AiSettingsView>,
  ): Promise<AiSettingsView> {
    return this.tenants.write(tenantId, async (scope) => {
      // There may be no row to lock yet, but the second of two concurrent calls must see what the first has
      // set.
      await holdUpWrites(scope);
      return this.writes.by(tenantId, by, () => this.put(scope, allow_control_plane, expected));
    });
  }

  private async put(
    scope: TenantScope,
    allow_control_plane: boolean,
    expected: ExpectedVersion<AiSettingsView>,
  ): Promise<AiSettingsView> {
    const before = await wordIn(scope);
    const shown = { allow_control_plane: this.isAllowed(before) };
    expected.require(shown);
    if (before === allow_control_plane) return { allow_control_plane };
    const word = { route: ROUTE, isAllowed: allow_control_plane, changedAt: this.clock.now() } as const;
    await scope.put(AiRouteSetting, [word]);
    await this.audit.record(scope, {
      action: 'ai.settings_changed',
      targetKind: 'ai_route',
      targetId: ROUTE,
      before: shown,
      after: { allow_control_plane },
    });
    return { allow_control_plane };
  }
}

async function wordIn(scope: TenantScope): Promise<boolean | undefined> {
  return (await scope.findOne(AiRouteSetting, { route: ROUTE }))?.isAllowed;
}

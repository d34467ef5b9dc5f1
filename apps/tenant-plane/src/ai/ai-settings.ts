import { TenantDatabase, type TenantScope } from '@atlas/persistence';
import { Clock, type ExpectedVersion } from '@atlas/platform';
import {
  AI_FEATURES,
  type AiFeature,
  type AiFeatureState,
  type AiSettingsView,
  type ChangeAiSettingsDto,
} from '@atlas/tenant-api/ai';
import { Injectable } from '@nestjs/common';
import { UserWrites } from '../access/user-writes';
import { Audit } from '../audit/audit';
import { type SignedInUser } from '../credentials/signed-in-user';
import { holdUpWrites } from '../credentials/user-locks';
import { Deployment } from '../plane-identity/deployment';
import { type AiEndpoint } from './ai-endpoint.entity';
import { AiEndpoints, endpointIn, endpointView } from './ai-endpoints';
import { AiFeatureSetting } from './ai-feature-setting.entity';
import { AiRouteSetting } from './ai-route-setting.entity';
import { aiFeatureNotAllowed, aiNotAllowed } from './ai.errors';

const ROUTE = 'control_plane';

/** What an admin has set. Undefined: nothing. */
interface Words {
  readonly ai: boolean | undefined;
  readonly features: ReadonlyMap<AiFeature, boolean>;
  readonly endpoint: AiEndpoint | null;
}

/**
 * Whether questions to an AI may leave this plane. In `on_prem`, an admin must have allowed AI and each of
 * its features. In the other models, they are allowed unless an admin has forbidden them.
 */
@Injectable()
export class AiSettings {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly writes: UserWrites,
    private readonly deployment: Deployment,
    private readonly audit: Audit,
    private readonly clock: Clock,
    private readonly endpoints: AiEndpoints,
  ) {}

  /**
   * The admin's setting for AI. Inside a {@link UserWrites} transaction, the settings cannot change until the
   * transaction ends. Throws `ai_not_allowed` and `ai_feature_not_allowed`.
   */
  async requireAllowed(tenantId: string, feature: AiFeature): Promise<boolean | undefined> {
    const words = await this.wordsOf(tenantId);
    if (!this.isAllowed(words.ai)) throw aiNotAllowed();
    if (!this.isAllowed(words.features.get(feature))) throw aiFeatureNotAllowed(feature);
    return words.ai;
  }

  async isFeatureAllowed(tenantId: string, feature: AiFeature): Promise<boolean> {
    const { ai, features } = await this.wordsOf(tenantId);
    return this.isAllowed(ai) && this.isAllowed(features.get(feature));
  }

  async view(tenantId: string): Promise<AiSettingsView> {
    return this.viewOf(await this.wordsOf(tenantId));
  }

  /**
   * Once this resolves, no answer that relied on the previous settings can be stored. Throws
   * `changed_meanwhile`, `validation_failed` and `address_not_allowed`.
   */
  async change(
    tenantId: string,
    by: SignedInUser,
    dto: ChangeAiSettingsDto,
    expected: ExpectedVersion<AiSettingsView>,
  ): Promise<AiSettingsView> {
    if (dto.own_endpoint) await this.endpoints.requireAllowed(dto.own_endpoint);
    return this.tenants.write(tenantId, async (scope) => {
      // There may be no row to lock yet, but the second of two concurrent calls must see what the first has
      // set.
      await holdUpWrites(scope);
      return this.writes.by(tenantId, by, () => this.put(scope, dto, expected));
    });
  }

  private async put(
    scope: TenantScope,
    dto: ChangeAiSettingsDto,
    expected: ExpectedVersion<AiSettingsView>,
  ): Promise<AiSettingsView> {
    const words = await wordsIn(scope);
    const before = this.viewOf(words);
    expected.require(before);
    const changed = [
      ...(await this.putRoute(scope, words, dto.allow_control_plane)),
      ...(await this.putFeatures(scope, words, dto.features ?? {})),
      ...(dto.own_endpoint !== undefined && (await this.endpoints.put(scope, dto.own_endpoint))
        ? (['own_endpoint'] as const)
        : []),
    ];
    if (changed.length === 0) return before;
    const after = this.viewOf(await wordsIn(scope));
    const only = (view: AiSettingsView): Record<string, unknown> =>
      Object.fromEntries(changed.map((name) => [name, view[name]]));
    await this.audit.record(scope, {
      action: 'ai.settings_changed',
      targetKind: 'ai_route',
      targetId: ROUTE,
      before: only(before),
      after: only(after),
    });
    return after;
  }

  private async putRoute(
    scope: TenantScope,
    { ai }: Words,
    isAllowed: boolean | undefined,
  ): Promise<['allow_control_plane'] | []> {
    if (isAllowed === undefined || isAllowed === ai) return [];
    await scope.put(AiRouteSetting, [{ route: ROUTE, isAllowed, changedAt: this.clock.now() }]);
    return ['allow_control_plane'];
  }

  private async putFeatures(
    scope: TenantScope,
    { features }: Words,
    wanted: Partial<Record<AiFeature, AiFeatureState>>,
  ): Promise<['features'] | []> {
    const changedAt = this.clock.now();
    const rows = AI_FEATURES.flatMap((feature) => {
      const isAllowed = wanted[feature] === 'allow';
      if (wanted[feature] === undefined || features.get(feature) === isAllowed) return [];
      return [{ feature, isAllowed, changedAt }];
    });
    if (rows.length === 0) return [];
    await scope.put(AiFeatureSetting, rows);
    return ['features'];
  }

  private wordsOf(tenantId: string): Promise<Words> {
    return this.tenants.read(tenantId, wordsIn);
  }

  private viewOf({ ai, features, endpoint }: Words): AiSettingsView {
    const state = (feature: AiFeature): AiFeatureState =>
      this.isAllowed(features.get(feature)) ? 'allow' : 'deny';
    return {
      allow_control_plane: this.isAllowed(ai),
      features: { analysis: state('analysis'), runbook_draft: state('runbook_draft') },
      own_endpoint: endpoint && endpointView(endpoint),
    };
  }

  private isAllowed(word: boolean | undefined): boolean {
    return word ?? this.deployment.profile.aiRouting === 'control_plane';
  }
}

async function wordsIn(scope: TenantScope): Promise<Words> {
  const route = await scope.findOne(AiRouteSetting, { route: ROUTE });
  const features = await scope.find(AiFeatureSetting);
  return {
    ai: route?.isAllowed,
    features: new Map(features.map(({ feature, isAllowed }) => [feature, isAllowed])),
    endpoint: await endpointIn(scope),
  };
}

import {
  type OutageBehaviour,
  type OutageCapability,
  type OutageStage,
  type OutageStep,
} from '@atlas/deployment-profiles';

export interface OutageApi {
  /** Show what remains of each capability without the Control Plane, and what remains now */
  'GET /api/outage-contract': { 200: OutageContractView };
}

export interface OutageContractView {
  readonly control_plane: {
    readonly reachable: boolean;
    readonly last_contact_at: Date | null;
  };
  /** Null while the Control Plane is reachable. A plane that never had contact is at the last stage. */
  readonly stage: OutageStage | null;
  readonly capabilities: readonly OutageCapabilityView[];
}

export interface OutageCapabilityView {
  readonly key: OutageCapability;
  readonly title: string;
  readonly now: OutageBehaviour;
  readonly stages: readonly OutageStep[];
}
